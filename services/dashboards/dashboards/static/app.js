// Keeps a page live: one stream a page, panels asked again when their events come, polling while there is no stream.
(function () {
  "use strict";
  const SILENT_MS = 40000; // the stream says ping every 15 s
  const POLL_MS = 5000;
  const AT_MOST_EVERY_MS = 1000;

  function say(text, bad) {
    const where = document.getElementById("live");
    if (!where) return;
    where.textContent = text;
    where.classList.toggle("bad", Boolean(bad));
  }

  const due = new Map();
  function refresh(panel) {
    if (due.has(panel)) return;
    due.set(panel, setTimeout(function () {
      due.delete(panel);
      panel.dispatchEvent(new CustomEvent("refresh"));
    }, AT_MOST_EVERY_MS));
  }

  function panels() {
    return Array.from(document.querySelectorAll("[data-on]"));
  }

  function live(url) {
    let heard = Date.now();
    let source;
    const names = new Set(panels().flatMap((panel) => panel.dataset.on.split(" ")));
    const reloadOn = document.body.dataset.reloadOn;
    if (reloadOn) names.add(reloadOn);

    function open() {
      source = new EventSource(url);
      source.addEventListener("open", function () { heard = Date.now(); say("live"); });
      source.addEventListener("ping", function () { heard = Date.now(); say("live"); });
      source.addEventListener("error", function () { say("reconnecting, figures every 5 s", true); });
      names.forEach(function (name) {
        source.addEventListener(name, function () {
          heard = Date.now();
          say("live");
          panels().filter((panel) => panel.dataset.on.split(" ").includes(name)).forEach(refresh);
        });
      });
    }

    open();
    setInterval(function () {
      if (source.readyState === EventSource.CLOSED || Date.now() - heard > SILENT_MS) {
        source.close();
        heard = Date.now();
        open();
      }
      if (source.readyState !== EventSource.OPEN) panels().forEach(refresh);
    }, POLL_MS);
    addEventListener("beforeunload", function () { source.close(); });
  }

  function draw(box) {
    const points = JSON.parse(box.dataset.points);
    const scale = Number(box.dataset.scale);
    const xs = points.map((point) => Date.parse(point[box.dataset.x]) / 1000);
    const ys = points.map((point) => point[box.dataset.y] == null ? null : point[box.dataset.y] / scale);
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink-2").trim();
    const axis = { stroke: ink, grid: { stroke: style.getPropertyValue("--line").trim() } };
    new uPlot({
      width: box.clientWidth,
      height: 220,
      series: [{}, { label: box.dataset.label, stroke: style.getPropertyValue("--accent").trim(), width: 2 }],
      axes: [axis, { ...axis, label: box.dataset.label, size: 60 }],
      scales: { y: { range: (plot, low, high) => [0, Math.max(1, high * 1.1)] } },
    }, [xs, ys], box);
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll(".chart").forEach(draw);
    if (document.body.dataset.live) live(document.body.dataset.live);
  });
})();
