// Browsers start no Worker for a page from disk (file:), and the search of these pages is one.
// There, a hidden frame stands in for it: a window of its own, with what the search asks of a worker's global scope.
// The plugin `offline` would load such a script from the network; it looks for "iframe-worker" in the name of ours.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.frame = document.body.appendChild(Object.assign(document.createElement("iframe"), { hidden: true }));
      this.scope = this.frame.contentWindow;
      addEventListener("message", (event) => {
        if (event.source === this.scope) this.dispatchEvent(new MessageEvent("message", { data: event.data }));
      });
      this.ready = new Promise((begun) => { this.begun = begun; });
      const page = this.scope.document;
      page.open();
      page.write("<!doctype html><body></body>");
      page.close();
      // A function of the frame's own, so that what it posts has the frame as its source.
      this.scope.eval(`
        postMessage = (data) => parent.postMessage(data, "*");
        importScripts = (...addresses) => addresses.reduce((before, src) => before.then(() => load(src)), Promise.resolve());
        load = (src) => new Promise((onload) =>
          document.body.append(Object.assign(document.createElement("script"), { src, onload })));
      `);
      this.scope.load(address).then(this.begun);
    }

    postMessage(data) {
      this.ready.then(() => this.scope.dispatchEvent(new this.scope.MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
