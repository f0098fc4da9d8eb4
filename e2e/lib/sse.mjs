// The event-stream grammar, as a test sees it: nothing is hidden, so events without data are reported too.

/** Takes bytes as they come and gives events: {id, event, data, retry}, each only where the field stood there. */
export class EventParser {
  #decoder = new TextDecoder();
  #line = '';
  #skipLineFeed = false;
  #fields = {};
  comments = 0;

  push(bytes) {
    const events = [];
    for (const character of this.#decoder.decode(bytes, { stream: true })) {
      if (this.#skipLineFeed && character === '\n') {
        this.#skipLineFeed = false;
        continue;
      }
      this.#skipLineFeed = character === '\r';
      if (character !== '\n' && character !== '\r') {
        this.#line += character;
        continue;
      }
      const event = this.#endOfLine();
      if (event) events.push(event);
    }
    return events;
  }

  /** True in the middle of an event. */
  get incomplete() {
    return this.#line !== '' || Object.keys(this.#fields).length > 0;
  }

  #endOfLine() {
    const line = this.#line;
    this.#line = '';
    if (line === '') {
      const event = this.#fields;
      this.#fields = {};
      return Object.keys(event).length > 0 ? event : undefined;
    }
    if (line.startsWith(':')) {
      this.comments++;
      return undefined;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    this.#fields[name] = name === 'data' && 'data' in this.#fields ? `${this.#fields.data}\n${value}` : value;
    return undefined;
  }
}
