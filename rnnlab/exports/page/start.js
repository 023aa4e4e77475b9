// The start of the page. For a network in the data it makes one `page`, which its parts build on; several networks
// stand side by side (compare.js), and the page of each is made when it is opened.
//
//   page.description   the Network of the data
//   page.network       the network that plays now, of the engine: it changes with page.player.useNetwork
//   page.player        the Player of play.js: page.player.onStep(…), page.player.ids, page.player.useNetwork(…)
//   page.section       the element of this network, in which all its parts stand
//   page.places        {see, learn}: empty elements in it for further parts
//   page.engine        {networkOf, sourceOf, choose, logProbability, probabilities, uniforms}
//   page.desk          the Desk of desk.js, with what is seen and touched: page.desk.look(index) shows a place
//
// A part is a function of a page: seeing(page), learning(page). It adds its words with addWords of words.js, and writes
// them anew when onLanguage tells it.

import {networkOf, sourceOf} from "../../engines/javascript/network.js";
import {choose, logProbability, probabilities} from "./sampling.js";
import {uniforms} from "./random.js";
import {Desk} from "./desk.js";
import {Player} from "./play.js";
import {learning} from "./learn.js";
import {seeing} from "./see.js";
import {settingsOf} from "./links.js";
import {firstSeed} from "./seed.js";
import {onLanguage, relabel, say, speak, spokenLanguage} from "./words.js";

export const engine = {networkOf, sourceOf, choose, logProbability, probabilities, uniforms};

function pageOf(description, section, place) {
  const player = new Player(description, engine);
  const placed = (name) => section.querySelector(`[data-part="${name}"]`);
  const page = {
    description,
    player,
    section,
    engine,
    places: {see: placed("see"), learn: placed("learn")},
    get network() { return player.network; },
  };
  page.desk = new Desk(page, place);
  return page;
}

// Puts the page of a network into an element, and begins with these settings.
function openPage(description, root, place, settings) {
  const section = document.getElementById("section").content.cloneNode(true).firstElementChild;
  root.append(section);
  const page = pageOf(description, section, place);
  labelPage(page);
  page.desk.apply(settings);
  learning(page);
  seeing(page);
  return page;
}

function labelPage(page) {
  const heading = page.section.querySelector('[data-part="name"]');
  relabel(page.section);
  heading.textContent = say("play");
  heading.classList.add("unseen");
  page.desk.relabel();
}

/** Begin the page; `Comparison`, of compare.js, shows several networks, and is not needed for one. */
export function begin(Comparison) {
  if (!globalThis.document?.getElementById("networks")) return; // as in the tests of the modules
  const data = JSON.parse(document.getElementById("networks").textContent);
  const {networks} = data;
  const root = document.getElementById("root");
  const given = settingsOf(location.hash);
  speak(data.language);
  speak(given.language);
  root.append(document.getElementById("frame").content.cloneNode(true));
  const main = root.querySelector("#page");
  const title = root.querySelector('[data-part="title"]');
  for (const button of root.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  const writeWords = () => {
    document.documentElement.lang = spokenLanguage();
    relabel(root);
    title.textContent = networks.length > 1 ? say("compare_title", {count: networks.length}) : networks[0].name;
    root.querySelector('[data-part="footer"]').textContent = say("made_with", {version: String(data.version)});
    for (const button of root.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === spokenLanguage()));
    }
  };
  writeWords();
  onLanguage(writeWords);
  let pages, apply;
  if (networks.length > 1) {
    const comparison = new Comparison({networks, engine, place: main, settings: given, openPage, labelPage});
    pages = comparison.cards;
    apply = (changes) => comparison.apply(changes);
  } else {
    const seed = networks[0].settings.seed ?? firstSeed(networks[0]);
    pages = [openPage(networks[0], main, 0, {seed, ...given})];
    apply = (changes) => pages[0].desk.apply(changes);
    onLanguage(() => labelPage(pages[0]));
  }
  globalThis.rnnlab = {engine, networks, pages}; // for the console of the browser
  globalThis.addEventListener("hashchange", () => {
    const changes = settingsOf(location.hash);
    speak(changes.language);
    apply(changes);
  });
}
