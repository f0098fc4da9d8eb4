// fetch as a browser runs it for a page of another origin: preflight first, no header read or sent that was not allowed.

const safeMethods = new Set(['GET', 'HEAD', 'POST']);
const safeRequestHeaders = new Set(['accept', 'accept-language', 'content-language']);
const safeResponseHeaders = new Set(['cache-control', 'content-language', 'content-length', 'content-type', 'expires', 'last-modified', 'pragma']);
const safeContentTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

/** A fetch for a page of the given origin. What CORS forbids throws a TypeError, as in a browser; `preflights` counts. */
export function browserFetch(origin) {
  const crossOriginFetch = async (url, init = {}) => {
    const headers = new Headers(init.headers);
    const method = init.method ?? 'GET';
    const unsafe = [...headers.keys()].filter(name => !isSafe(name, headers.get(name)));
    if (!safeMethods.has(method) || unsafe.length > 0) await preflight(url, origin, method, unsafe, crossOriginFetch);
    headers.set('origin', origin);
    const response = await fetch(url, { ...init, headers });
    assertAllowed(response, origin);
    return withReadableHeaders(response);
  };
  crossOriginFetch.preflights = 0;
  return crossOriginFetch;
}

function isSafe(name, value) {
  if (name === 'content-type') return safeContentTypes.some(type => value.startsWith(type));
  return safeRequestHeaders.has(name);
}

async function preflight(url, origin, method, unsafe, counter) {
  counter.preflights++;
  const headers = { origin, 'access-control-request-method': method };
  if (unsafe.length > 0) headers['access-control-request-headers'] = unsafe.sort().join(',');
  const response = await fetch(url, { method: 'OPTIONS', headers });
  await response.arrayBuffer();
  if (!response.ok) throw new TypeError(`CORS: preflight got ${response.status}`);
  assertAllowed(response, origin);
  const listed = name => (response.headers.get(name) ?? '').split(',').map(item => item.trim().toLowerCase());
  const methods = listed('access-control-allow-methods');
  if (!safeMethods.has(method) && !methods.includes(method.toLowerCase()) && !methods.includes('*')) throw new TypeError(`CORS: ${method} is not allowed`);
  const allowed = listed('access-control-allow-headers');
  // `*` never covers Authorization.
  const refused = unsafe.filter(name => !allowed.includes(name) && (name === 'authorization' || !allowed.includes('*')));
  if (refused.length > 0) throw new TypeError(`CORS: request headers not allowed: ${refused}`);
}

function assertAllowed(response, origin) {
  const allowed = response.headers.get('access-control-allow-origin');
  if (allowed !== origin && allowed !== '*') throw new TypeError(`CORS: origin ${origin} is not allowed (${allowed}, status ${response.status})`);
}

function withReadableHeaders(response) {
  const exposed = (response.headers.get('access-control-expose-headers') ?? '').split(',').map(item => item.trim().toLowerCase());
  const readable = [...response.headers].filter(([name]) => safeResponseHeaders.has(name) || exposed.includes(name));
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers: readable });
}
