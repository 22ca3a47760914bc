// Keeps a page fresh, says when that does not work, and finds rows. Without it the page loads itself anew.
"use strict";

const main = document.getElementById("main");
const stale = document.getElementById("stale");
// What failed is tried again less often, in seconds; and no answer is waited for longer than this.
const [SLOWER, PATIENCE] = [15, 60];
let etag = null;
let upToDate = new Date();

function find() {
  const field = main.querySelector("input[data-finds]");
  if (!field) return;
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  const rows = document.getElementById(field.dataset.finds).tBodies[0].rows;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  field.closest("p").querySelector("[role=status]").textContent = words.length ? `${shown} of ${rows.length}` : "";
}

// Only many rows need finding.
function offerFinding() {
  const field = main.querySelector("input[data-finds]");
  if (field) field.closest("p").hidden = document.getElementById(field.dataset.finds).tBodies[0].rows.length < 15;
}

// What is a little too wide is made smaller; what is much wider could not be read then, and is scrolled.
function fitPicture() {
  const image = main.querySelector(".picture img");
  if (image) image.classList.toggle("fits", image.naturalWidth < 1.4 * image.closest(".picture").clientWidth);
}

// A picture is shown once it is loaded, and one that is there already stays: nothing flickers.
async function keepPicture(fresh) {
  const [old, news] = [main.querySelector("picture"), fresh.querySelector("picture")];
  if (!old || !news) return;
  if (old.querySelector("img").getAttribute("src") === news.querySelector("img").getAttribute("src")) {
    news.replaceWith(old);
    return;
  }
  const next = document.importNode(news, true);
  news.replaceWith(next);
  const image = next.querySelector("img");
  await Promise.race([image.decode().catch(() => {}), new Promise((done) => setTimeout(done, 3000))]);
}

async function takeOver(page) {
  const fresh = page.getElementById("main");
  const scrolled = main.querySelector(".picture")?.scrollLeft ?? 0;
  const open = [...main.querySelectorAll("details")].map((fold) => fold.open);
  const field = main.querySelector("input[data-finds]");
  const [sought, typing] = [field?.value ?? "", field === document.activeElement];
  const [top, topNow] = [document.querySelector(".top"), page.querySelector(".top")];
  if (!top.isEqualNode(topNow)) top.replaceWith(topNow);
  await keepPicture(fresh);
  [...fresh.querySelectorAll("details")].forEach((fold, place) => { fold.open = open[place] ?? false; });
  main.dataset.refresh = fresh.dataset.refresh;
  main.replaceChildren(...fresh.childNodes);
  document.title = page.title;
  const box = main.querySelector(".picture");
  if (box) box.scrollLeft = scrolled;
  fitPicture();
  const news = main.querySelector("input[data-finds]");
  if (news) {
    news.value = sought;
    if (typing) news.focus();
  }
  offerFinding();
  find();
}

// Says why the page is as it was, and what to do; with no reason, that it is up to date.
function say(reason) {
  const since = `${upToDate.toISOString().slice(11, 16)} UTC`;
  const told = reason && `This page was last updated at ${since}: ${reason}`;
  stale.hidden = !told;
  if (stale.textContent !== told) stale.textContent = told;
}

function refused(status) {
  const visits = document.querySelector(".who") !== null;
  const link = "On the server, “switchyard login-link” prints a new link.";
  if (status === 401 || status === 403) return `you are no longer let in. ${link}`;
  if (status === 404 && visits) return `it is gone, or you are no longer let in. ${link}`;
  if (status === 404) return "it is gone. The comment of the pull request leads to what is there now.";
  if (status === 503) return "Switchyard is busy. Trying again.";
  return `Switchyard answered with an error (${status}). Trying again.`;
}

async function fetched() {
  const headers = etag ? { "If-None-Match": etag } : {};
  const answer = await fetch(location.href, { headers, cache: "no-store", signal: AbortSignal.timeout(1000 * PATIENCE) });
  if (answer.status !== 200) return [answer, null];
  return [answer, new DOMParser().parseFromString(await answer.text(), "text/html")];
}

async function refresh() {
  const [answer, page] = await fetched().catch(() => [null, null]);
  if (!answer) return say("Switchyard cannot be reached. Trying again.");
  if (answer.status !== 200 && answer.status !== 304) return say(refused(answer.status));
  if (page && !page.getElementById("stale")) return say("something else answers at this address. Load the page anew.");
  // What somebody has selected stays, and is fetched later.
  if (page && !getSelection().isCollapsed) return;
  upToDate = new Date();
  say("");
  if (!page) return;
  await takeOver(page);
  etag = answer.headers.get("ETag");
}

async function keepFresh() {
  if (!document.hidden) await refresh().catch(console.error);
  setTimeout(keepFresh, 1000 * Math.max(Number(main.dataset.refresh), stale.hidden ? 0 : SLOWER));
}

document.addEventListener("input", (event) => { if (event.target.matches("[data-finds]")) find(); });
document.addEventListener("load", fitPicture, true);
window.addEventListener("resize", fitPicture);
offerFinding();
fitPicture();
setTimeout(keepFresh, 1000 * Number(main.dataset.refresh));
