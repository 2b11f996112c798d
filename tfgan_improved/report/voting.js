const page = JSON.parse(document.getElementById("page").textContent);
const find = id => document.getElementById(id);
const drawer = `votes-${page.id}`;
const count = page.images.length;

const someone = () => ({
  page: page.id,
  voter: [...crypto.getRandomValues(new Uint8Array(8))].map(byte => byte.toString(16).padStart(2, "0")).join(""),
  name: "", begun: false, told: 0, votes: [],
});
const stored = () => {
  try { return JSON.parse(localStorage.getItem(drawer)); } catch { return null; }
};
const keep = () => {
  try { localStorage.setItem(drawer, JSON.stringify(kept)); } catch { /* as in a private window: until it is closed */ }
};
let kept = stored() ?? someone();
let since = 0;

const ask = () => {
  const done = kept.votes.length;
  find("image").src = page.images[done];
  find("bar").value = done;
  find("place").textContent = `${done + 1} of ${count}`;
  find("back").disabled = done === kept.told; // what was answered for may not be changed
  since = performance.now();
};
const tell = () => {
  const votes = kept.votes.slice(kept.told);
  const wrong = votes.filter(vote => (vote.said === "real") !== page.real[vote.image]);
  find("score").textContent = `${votes.length - wrong.length} of ${votes.length} right`;
  find("mistakes").replaceChildren(...wrong.map(vote => {
    const [figure, image, text] = ["figure", "img", "figcaption"].map(tag => document.createElement(tag));
    image.src = page.images[vote.image];
    image.alt = text.textContent = page.real[vote.image] ? "was real" : "was generated";
    figure.append(image, text);
    return figure;
  }));
};
const end = () => {
  const { page, voter, name, votes } = kept;
  const content = new Blob([JSON.stringify({ page, voter, name, votes })], { type: "application/json" });
  find("save").href = URL.createObjectURL(content);
  find("save").download = `votes-${page}-${voter}.json`;
  find("anew").disabled = true; // until these votes are saved, which it forgets
};
const screens = { start: () => {}, ask, told: tell, end };

const show = () => {
  const done = kept.votes.length;
  const due = page.feedback && done > kept.told && (done % page.feedback === 0 || done === count);
  const screen = !kept.begun ? "start" : due ? "told" : done === count ? "end" : "ask";
  for (const each of Object.keys(screens)) find(each).hidden = each !== screen;
  screens[screen]();
};
const change = how => { how(); keep(); show(); };
const vote = said => change(() => kept.votes.push(
  { image: kept.votes.length, said, seconds: Math.round(performance.now() - since) / 1000 }));
const back = () => { if (kept.votes.length > kept.told) change(() => kept.votes.pop()); };

find("begin").onclick = () => change(() => Object.assign(kept, { name: find("name").value.trim(), begun: true }));
find("real").onclick = () => vote("real");
find("generated").onclick = () => vote("generated");
find("back").onclick = back;
find("on").onclick = () => change(() => { kept.told = kept.votes.length; });
find("save").onclick = () => { find("anew").disabled = false; };
find("anew").onclick = () => change(() => { kept = someone(); find("name").value = ""; });
const keys = { r: () => vote("real"), ArrowLeft: () => vote("real"), g: () => vote("generated"),
  ArrowRight: () => vote("generated"), Backspace: back };
addEventListener("keydown", event => {
  if (find("ask").hidden || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { event.preventDefault(); act(); }
});
show();
