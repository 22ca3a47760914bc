// Keeps a page fresh, and finds rows. Without it the page loads itself anew.
"use strict";

const main = document.getElementById("main");
let etag = null;

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

async function refresh() {
  const answer = await fetch(location.href, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" });
  if (answer.status !== 200) return;
  const text = await answer.text();
  // What somebody has selected stays, and is fetched later.
  if (!getSelection().isCollapsed) return;
  etag = answer.headers.get("ETag");
  await takeOver(new DOMParser().parseFromString(text, "text/html"));
}

async function keepFresh() {
  if (!document.hidden) await refresh().catch(() => {});
  setTimeout(keepFresh, 1000 * Number(main.dataset.refresh));
}

document.addEventListener("input", (event) => { if (event.target.matches("[data-finds]")) find(); });
document.addEventListener("load", fitPicture, true);
window.addEventListener("resize", fitPicture);
offerFinding();
fitPicture();
setTimeout(keepFresh, 1000 * Number(main.dataset.refresh));
