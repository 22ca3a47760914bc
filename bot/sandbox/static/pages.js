// Keeps a page fresh: fetches it again each second and takes over the parts that changed.
"use strict";

const shown = new Map();
let etag = null;

function parts(page) {
  return new Map([...page.querySelectorAll("[data-live]")].map((part) => [part.dataset.live, part]));
}

function ago(time) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return `${Math.floor(seconds / 3600)} h ago`;
}

function tellTimes() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    if (!time.title) time.title = time.textContent;
    const text = ago(time.dateTime);
    if (time.textContent !== text) time.textContent = text;
  }
}

// A picture that is there already stays the same element, and a new one is loaded first: nothing flickers.
async function keepPictures(old, fresh) {
  const known = new Map([...old.querySelectorAll("img")].map((picture) => [picture.src, picture]));
  await Promise.all([...fresh.querySelectorAll("img")].map(async (picture) => {
    const same = known.get(picture.src);
    if (same) {
      picture.replaceWith(same);
      return;
    }
    const loaded = document.importNode(picture);
    picture.replaceWith(loaded);
    await Promise.race([loaded.decode().catch(() => {}), new Promise((done) => setTimeout(done, 1500))]);
  }));
}

function keepFolds(old, fresh) {
  const name = (fold) => fold.querySelector("summary")?.textContent.replace(/\d+/g, "") ?? "";
  const open = new Map([...old.querySelectorAll("details")].map((fold) => [name(fold), fold.open]));
  for (const fold of fresh.querySelectorAll("details")) {
    if (open.has(name(fold))) fold.open = open.get(name(fold));
  }
}

async function takeOver(page) {
  const fresh = parts(page);
  for (const [name, part] of parts(document)) {
    const news = fresh.get(name);
    // A button must not slip away under somebody's pointer.
    if (!news || shown.get(name) === news.innerHTML || part.querySelector("button:hover")) continue;
    shown.set(name, news.innerHTML);
    await keepPictures(part, news);
    keepFolds(part, news);
    part.className = news.className;
    part.replaceChildren(...news.childNodes);
  }
  document.title = page.title;
}

async function refresh() {
  const lost = document.querySelector(".lost");
  try {
    const answer = await fetch(location.pathname + (location.search.startsWith("?pull=") ? location.search : ""), {
      headers: { Accept: "text/html", ...(etag ? { "If-None-Match": etag } : {}) },
      cache: "no-store",
    });
    lost.hidden = true;
    if (answer.status === 200) {
      const held = document.querySelector("[data-live] button:hover");
      etag = held ? null : answer.headers.get("ETag");
      await takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
      tellTimes();
    }
  } catch {
    lost.hidden = false;
  }
}

async function keepFresh() {
  if (!document.hidden) await refresh();
  tellTimes();
  setTimeout(keepFresh, 1000);
}

for (const [name, part] of parts(document)) shown.set(name, part.innerHTML);
if (location.search.startsWith("?note=")) history.replaceState(null, "", location.pathname);
keepFresh();
