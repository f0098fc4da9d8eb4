// The event store that the official SDK asks of a server: ids `<stream>/<n>`, one array a stream, replay of that stream alone.

export class StreamStore {
  #streams = new Map();

  async storeEvent(stream, message) {
    if (!this.#streams.has(stream)) this.#streams.set(stream, []);
    return `${stream}/${this.#streams.get(stream).push(message)}`;
  }

  async getStreamIdForEventId(id) {
    const { stream } = parse(id);
    return this.#streams.has(stream) ? stream : undefined;
  }

  async replayEventsAfter(id, { send }) {
    const { stream, number } = parse(id);
    const events = this.#streams.get(stream) ?? [];
    for (let index = number; index < events.length; index++) {
      // Priming events are stored as empty messages and are not for replay.
      if (Object.keys(events[index]).length > 0) await send(`${stream}/${index + 1}`, events[index]);
    }
    return stream;
  }
}

function parse(id) {
  const slash = id.lastIndexOf('/');
  return { stream: id.slice(0, slash), number: Number(id.slice(slash + 1)) };
}
