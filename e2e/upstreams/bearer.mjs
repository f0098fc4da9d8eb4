// Bearer tokens as upstreams check them. AUTH chooses how strict the server is:
//   bound   a session belongs to the user who opened it; others get 403
//   lax     any good token does for any session (what a bearer middleware before the SDK's transport gives)
//   open    requests without a token are taken too, but a bad token is refused
// A good token is `good-<user>-<anything>`, or an unsigned JWT whose issuer is "e2e".

export function bearer(mode) {
  const owners = new Map();
  return {
    /** The status that refuses the request, or undefined. */
    refusal(request, session) {
      if (!mode) return undefined;
      const authorization = request.headers.authorization;
      if (!authorization) return mode === 'open' ? undefined : 401;
      const user = userOf(authorization.replace(/^Bearer /, ''));
      if (!user) return 401;
      if (mode === 'bound' && session !== undefined && owners.has(session) && owners.get(session) !== user) return 403;
      return undefined;
    },
    opened(request, session) {
      owners.set(session, userOf((request.headers.authorization ?? '').replace(/^Bearer /, '')));
    },
  };
}

function userOf(token) {
  if (token.startsWith('good-')) return token.split('-')[1];
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString('utf8'));
    return claims.iss === 'e2e' ? claims.sub : undefined;
  } catch {
    return undefined;
  }
}
