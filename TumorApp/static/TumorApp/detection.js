// Makes the upload form comfortable: drop a picture, see it, watch the upload, go to the result.
// Without this script the page is a plain form and does the same job; the server checks and decides everything.

const MEBIBYTE = 1024 * 1024;
const PREVIEW_SIDE_PX = 640;

const byId = (id) => document.getElementById(id);
const form = byId("upload");
const input = byId("t2");
const drop = byId("drop");
const preview = byId("preview");
const chosen = byId("chosen");
const hint = byId("hint");
const failure = byId("failure");
const progressBox = byId("progress-box");
const progressText = byId("progress-text");
const progressBar = byId("progress-bar");

let choice = 0; // counts choices, so that a slow preview of an earlier file is thrown away

// --- choosing a slice

function sizeInWords(bytes) {
  if (bytes < MEBIBYTE) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return `${(bytes / MEBIBYTE).toFixed(1)} MB`;
}

function hintFor(file) {
  const most = Number(form.dataset.maxMegabytes);
  if (file.size === 0) return "This file is empty.";
  if (file.size > most * MEBIBYTE) return `This file is larger than ${most} MB; the server will refuse it.`;
  if (!/\.(png|jpe?g)$/i.test(file.name) && !/^image\/(png|jpeg)$/.test(file.type)) {
    return "This does not look like a PNG or JPEG picture; the server may refuse it.";
  }
  return "";
}

function draw(bitmap) {
  const scale = Math.min(1, PREVIEW_SIDE_PX / Math.max(bitmap.width, bitmap.height));
  preview.width = Math.max(1, Math.round(bitmap.width * scale));
  preview.height = Math.max(1, Math.round(bitmap.height * scale));
  preview.getContext("2d").drawImage(bitmap, 0, 0, preview.width, preview.height);
  preview.hidden = false;
}

async function showChoice() {
  const mine = ++choice;
  const file = input.files[0];
  preview.hidden = true;
  chosen.hidden = !file;
  hint.textContent = file ? hintFor(file) : "";
  if (!file) return;
  chosen.textContent = `${file.name} (${sizeInWords(file.size)})`;
  if (hint.textContent) return;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    if (mine === choice) hint.textContent = "Your browser cannot show this picture; it may be damaged.";
    return;
  }
  if (mine === choice) {
    const side = Number(form.dataset.maxSide);
    draw(bitmap);
    chosen.textContent = `${file.name} (${sizeInWords(file.size)}, ${bitmap.width} × ${bitmap.height} pixels)`;
    if (Math.max(bitmap.width, bitmap.height) > side) {
      hint.textContent = `This picture is larger than ${side} × ${side} pixels; the server will refuse it.`;
    }
  }
  bitmap.close();
}

function carriesFiles(event) {
  return event.dataTransfer !== null && [...event.dataTransfer.types].includes("Files");
}

// A file that misses the box must not replace the page, and with it what was typed.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
}
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => drop.classList.toggle("over", carriesFiles(event)));
}
drop.addEventListener("dragleave", (event) => {
  if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
});
drop.addEventListener("drop", async (event) => {
  drop.classList.remove("over");
  if (!carriesFiles(event) || event.dataTransfer.files.length === 0) return;
  const several = event.dataTransfer.files.length > 1;
  const one = new DataTransfer();
  one.items.add(event.dataTransfer.files[0]);
  input.files = one.files;
  await showChoice();
  if (several && !hint.textContent) hint.textContent = "One slice at a time: only the first file is taken.";
});
input.addEventListener("change", showChoice);
byId("drop-words").hidden = false;

// --- sending it

function setBusy(busy) {
  for (const button of document.querySelectorAll("#upload button, #phantom-form button")) button.disabled = busy;
  progressBox.hidden = !busy;
}

/** Says what went wrong, and offers what helps: an action is [words, URL or function]. */
function fail(sentence, action) {
  setBusy(false);
  failure.replaceChildren(sentence);
  if (action) {
    const [words, doing] = action;
    const offer = document.createElement(typeof doing === "string" ? "a" : "button");
    offer.textContent = words;
    if (typeof doing === "string") {
      offer.href = doing;
    } else {
      offer.type = "button";
      offer.className = "button quiet";
      offer.addEventListener("click", doing);
    }
    failure.append(" ", offer);
  }
  failure.hidden = false;
  failure.scrollIntoView({ block: "center" });
}

function messageIn(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector("[data-message]")?.textContent.trim();
}

function answered(request, sentForm) {
  const result = request.getResponseHeader("Content-Location");
  if (request.status === 200 && result) {
    window.location.assign(result);
    return;
  }
  const arrivedAt = new URL(request.responseURL, window.location.href);
  if (request.status === 200 && arrivedAt.pathname === new URL(form.dataset.signIn, window.location.href).pathname) {
    fail("You are no longer signed in.", ["Sign in again", form.dataset.signIn]);
  } else if (request.status === 200 && arrivedAt.href !== sentForm.action) {
    window.location.assign(arrivedAt.href);
  } else if (request.status === 403) {
    fail("This page was open too long, so the server no longer takes its form.", ["Open it again", window.location.pathname]);
  } else if (request.status === 400) {
    fail(messageIn(request.responseText) ?? "The server refused this file.");
  } else if (request.status === 413) {
    fail(`This file is too large for the server; it takes up to ${form.dataset.maxMegabytes} MB.`);
  } else {
    fail(messageIn(request.responseText) ?? "Something went wrong on the server.", ["Try again", () => send(sentForm)]);
  }
}

function send(sentForm) {
  const isUpload = sentForm === form;
  const request = new XMLHttpRequest();
  const analysing = () => {
    progressText.textContent = "The server is analysing the slice.";
    progressBar.removeAttribute("value");
  };
  for (const old of document.querySelectorAll("[data-message]")) old.remove();
  failure.hidden = true;
  setBusy(true);
  if (isUpload) {
    progressText.textContent = "Uploading…";
    progressBar.value = 0;
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      progressBar.value = (100 * event.loaded) / event.total;
      progressText.textContent = `Uploading: ${Math.floor(progressBar.value)} %`;
    });
    request.upload.addEventListener("load", analysing);
  } else {
    analysing();
  }
  progressBox.scrollIntoView({ block: "nearest" });
  request.addEventListener("load", () => answered(request, sentForm));
  request.addEventListener("error", () => {
    fail("The server could not be reached. What you chose is still here.", ["Try again", () => send(sentForm)]);
  });
  request.open("POST", sentForm.action);
  request.send(new FormData(sentForm));
}

for (const one of [form, byId("phantom-form")]) {
  one.addEventListener("submit", (event) => {
    event.preventDefault();
    send(one);
  });
}

// Coming back with the Back button may bring the page as it was left: busy, or with a file already chosen.
window.addEventListener("pageshow", () => {
  setBusy(false);
  showChoice();
});
