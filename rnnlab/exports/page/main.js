// The start of the page. For each network in the data it makes one `page`, which its parts build on:
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

function begin() {
  const data = JSON.parse(document.getElementById("networks").textContent);
  const root = document.getElementById("root");
  const given = settingsOf(location.hash);
  speak(data.language);
  speak(given.language);
  root.append(document.getElementById("frame").content.cloneNode(true));
  root.querySelector('[data-part="title"]').textContent = data.networks.map(({name}) => name).join(" · ");
  for (const button of root.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  const pages = data.networks.map((description, place) => {
    const section = document.getElementById("section").content.cloneNode(true).firstElementChild;
    root.querySelector("#page").append(section);
    return pageOf(description, section, place);
  });
  const writeWords = () => {
    document.documentElement.lang = spokenLanguage();
    relabel(root);
    root.querySelector('[data-part="footer"]').textContent = say("made_with", {version: String(data.version)});
    for (const button of root.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === spokenLanguage()));
    }
    for (const page of pages) {
      const heading = page.section.querySelector('[data-part="name"]');
      heading.textContent = pages.length > 1 ? page.description.name : say("play");
      heading.classList.toggle("unseen", pages.length === 1);
      page.desk.relabel();
    }
  };
  onLanguage(writeWords);
  writeWords();
  for (const page of pages) {
    page.desk.apply({seed: page.description.settings.seed ?? firstSeed(page.description), ...given});
    learning(page);
    seeing(page);
  }
  globalThis.rnnlab = {engine, networks: data.networks, pages}; // for the console of the browser
  globalThis.addEventListener("hashchange", () => {
    const settings = settingsOf(location.hash);
    speak(settings.language);
    for (const page of pages) page.desk.apply(settings);
  });
}

if (globalThis.document?.getElementById("networks")) begin();
