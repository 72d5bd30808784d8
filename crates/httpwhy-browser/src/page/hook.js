// Runs before the page's own scripts: tells how each WebSocket of the page ended, which the protocol does not say.
(() => {
  const name = "@BINDING@";
  const tell = globalThis[name];
  delete globalThis[name];
  const Real = globalThis.WebSocket;
  if (typeof tell !== "function" || typeof Real !== "function") return;
  const { apply, construct } = Reflect;
  const text = JSON.stringify;
  const listen = EventTarget.prototype.addEventListener;
  let count = 0;
  const Seen = new Proxy(Real, {
    construct(target, given, as) {
      const socket = construct(target, given, as);
      const number = count++;
      const url = socket.url;
      tell(text({ number, url }));
      apply(listen, socket, ["close", (event) => {
        tell(text({ number, url, code: event.code, reason: event.reason, clean: event.wasClean }));
      }]);
      return socket;
    },
  });
  Real.prototype.constructor = Seen;
  globalThis.WebSocket = Seen;
})();
