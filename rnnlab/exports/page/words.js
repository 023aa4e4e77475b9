// All words of the page, in English and in Korean. `{name}` stands for a value.
//
// A part of the page with words of its own adds them with addWords({en: {…}, ko: {…}}), both with the same keys.
// In the document, data-say="key" is filled with the words of a key, data-say-label="key" gives an aria-label.

export const WORDS = {
  en: {
    language: "Language",
    play: "Play",
    made_with: "Made with rnnlab {version}. The network runs in this page; nothing is sent or fetched.",
    try_notes: "Press Start: the network plays on after the notes of the seed. Then raise the temperature, click another"
      + " bar, or write a beginning of your own on the keys.",
    try_text: "Press Start: the network writes on after the seed. Then raise the temperature, click another bar, or type"
      + " a beginning of your own.",
    seed: "Beginning (seed)",
    seed_notes_hint: "Notes of the vocabulary, with spaces between them; bar lines | do not count.",
    seed_text_hint: "Any text of the {count} characters that the network knows.",
    seed_unknown: "The network does not know {tokens}.",
    seed_near: "{token} (nearest: {near})",
    seed_more: "and {count} more",
    seed_empty: "Write at least one token.",
    seed_delete: "Remove the last note",
    seed_clear: "Empty",
    keys: "Keys",
    keyboard: "Piano keys; the arrow keys go from key to key",
    duration: "Duration",
    rest: "Rest",
    controls: "Writing",
    start: "Start",
    stop: "Stop",
    step: "One step",
    restart: "Back to the seed",
    speed: "Speed",
    speed_music: "with the music",
    speed_number: "{count} a second",
    speed_fast: "as fast as possible",
    roll: "Piano roll; the same notes stand below as text",
    written: "What the network wrote; the arrow keys go from token to token, and show what else could have come there",
    omitted: "the first {count} are not shown; the file to download has them",
    legend: "Surprise in bits; 3 bits: the network gave the token a probability of 1/8",
    legend_seed: "seed",
    legend_wrong: "not as in the song",
    below: "below {bits}",
    from_on: "{bits} and more",
    count_texts: "{count} texts",
    count_one: "1 token after the seed",
    count_many: "{count} tokens after the seed",
    per_second: "{count} a second",
    wrong_none: "all as in the song",
    wrong_some: "{wrong} of {compared} not as in the song",
    off_song: "the seed is not in the song, so no note is marked",
    mean_bits: "mean surprise {bits} bits",
    reading: "reading the seed …",
    ended: "the network ended the text itself",
    said_stopped: "{count} after the seed. The end: {end}",
    said_step: "{token}, probability {share}, {bits} bits",
    said_copied: "Link copied",
    said_not_copied: "The browser did not allow copying. The link is in the address bar.",
    failed: "The network gives no numbers: its training diverged.",
    next: "What comes next",
    next_hint: "Click a bar to take it. Bar: the chance of being drawn. Line: the network’s own probability.",
    here: "What could have come here",
    here_hint: "Token {place}: {token}, {bits} bits. Click another one: the text goes on from there.",
    here_seed: "Token {place} is part of the seed: {token}.",
    here_unknown: "The first tokens are read together; they have no probability.",
    back_to_end: "Back to the end",
    bar_title: "drawn with {drawn}; the network’s own probability {own}",
    others: "{count} others: {share}",
    more: "Show more",
    boundary: "end",
    settings: "How a token is chosen",
    greedy: "Always the likeliest (greedy)",
    temperature: "Temperature",
    temperature_hint: "0: always the likeliest; above 1: more daring",
    top_k: "Top-k",
    top_k_hint: "only the k likeliest; empty: all",
    top_p: "Top-p",
    top_p_hint: "only the likeliest that make up this share; 1: all",
    min_p: "Min-p",
    min_p_hint: "only what has at least this share of the likeliest; 0: all",
    random_seed: "Random seed",
    random_seed_hint: "The same number gives the same tokens, here and in rnnlab generate.",
    another: "Another",
    length: "Length",
    length_hint: "tokens a start; 0: without end",
    samples: "Texts a start",
    sound: "Sound",
    listen: "Listen from the beginning",
    tempo: "Tempo",
    instrument: "Instrument",
    volume: "Volume",
    loop: "Loop",
    piano: "Piano",
    music_box: "Music box",
    flute: "Flute",
    organ: "Organ",
    strings: "Strings",
    game: "Video game",
    away: "Download and share",
    save_text: "Text",
    save_midi: "MIDI",
    copy_link: "Copy a link with these settings",
  },
  ko: {
    language: "언어",
    play: "이어 쓰기",
    made_with: "rnnlab {version}으로 만들었습니다. 신경망은 이 페이지 안에서 돌아갑니다. 아무것도 보내거나 받지 않습니다.",
    try_notes: "시작을 누르면 신경망이 시드 다음을 이어서 연주합니다. 온도를 올려 보고, 다른 막대를 눌러 보고, 건반으로 시작을"
      + " 직접 써 보세요.",
    try_text: "시작을 누르면 신경망이 시드 다음을 이어서 씁니다. 온도를 올려 보고, 다른 막대를 눌러 보고, 시작을 직접 써 보세요.",
    seed: "시작(시드)",
    seed_notes_hint: "어휘에 있는 음을 띄어쓰기로 구분해서 씁니다. 마디줄 | 은 세지 않습니다.",
    seed_text_hint: "신경망이 아는 글자 {count}개로 된 글이면 됩니다.",
    seed_unknown: "신경망이 모르는 토큰: {tokens}.",
    seed_near: "{token} (비슷한 것: {near})",
    seed_more: "그 밖에 {count}개",
    seed_empty: "토큰을 하나 이상 쓰세요.",
    seed_delete: "마지막 음 지우기",
    seed_clear: "비우기",
    keys: "건반",
    keyboard: "피아노 건반. 화살표 키로 건반 사이를 옮겨 다닙니다",
    duration: "길이",
    rest: "쉼표",
    controls: "쓰기",
    start: "시작",
    stop: "멈춤",
    step: "한 스텝",
    restart: "시드로 돌아가기",
    speed: "속도",
    speed_music: "음악에 맞춰",
    speed_number: "1초에 {count}개",
    speed_fast: "최대한 빠르게",
    roll: "피아노 롤. 같은 음이 아래에 글로도 있습니다",
    written: "신경망이 쓴 것. 화살표 키로 토큰을 고르면 그 자리에 올 수 있었던 토큰이 보입니다",
    omitted: "앞의 {count}개는 보이지 않지만 내려받는 파일에는 들어 있음",
    legend: "놀라움(비트). 3비트: 신경망이 그 토큰에 준 확률이 1/8",
    legend_seed: "시드",
    legend_wrong: "노래와 다름",
    below: "{bits} 미만",
    from_on: "{bits} 이상",
    count_texts: "글 {count}편",
    count_one: "시드 다음 토큰 1개",
    count_many: "시드 다음 토큰 {count}개",
    per_second: "1초에 {count}개",
    wrong_none: "모두 노래와 같음",
    wrong_some: "{compared}개 가운데 {wrong}개가 노래와 다름",
    off_song: "시드가 노래에 없어서 틀린 음을 표시하지 않습니다",
    mean_bits: "평균 놀라움 {bits}비트",
    reading: "시드를 읽는 중 …",
    ended: "신경망이 스스로 끝냈습니다",
    said_stopped: "시드 다음 {count}개. 마지막: {end}",
    said_step: "{token}, 확률 {share}, {bits}비트",
    said_copied: "링크를 복사했습니다",
    said_not_copied: "브라우저가 복사를 허락하지 않았습니다. 링크는 주소창에 있습니다.",
    failed: "신경망의 출력이 숫자가 아닙니다. 학습이 발산했습니다.",
    next: "다음에 올 토큰",
    next_hint: "막대를 누르면 그 토큰을 씁니다. 막대: 뽑힐 확률. 선: 신경망이 준 확률.",
    here: "이 자리에 올 수 있었던 토큰",
    here_hint: "토큰 {place}: {token}, {bits}비트. 다른 토큰을 누르면 거기서부터 이어집니다.",
    here_seed: "토큰 {place}: {token}. 시드의 일부입니다.",
    here_unknown: "맨 앞의 토큰들은 한꺼번에 읽으므로 확률이 없습니다.",
    back_to_end: "끝으로 돌아가기",
    bar_title: "뽑힐 확률 {drawn}, 신경망이 준 확률 {own}",
    others: "나머지 {count}개: {share}",
    more: "더 보기",
    boundary: "끝",
    settings: "토큰을 고르는 방법",
    greedy: "항상 확률이 가장 높은 토큰(그리디)",
    temperature: "온도",
    temperature_hint: "0이면 확률이 가장 높은 토큰만, 1보다 높으면 과감하게",
    top_k: "Top-k",
    top_k_hint: "확률이 높은 k개만. 비우면 모두",
    top_p: "Top-p",
    top_p_hint: "확률이 높은 것부터 합이 이 값이 될 때까지만. 1이면 모두",
    min_p: "Min-p",
    min_p_hint: "가장 높은 확률의 이 비율 이상인 것만. 0이면 모두",
    random_seed: "난수 시드",
    random_seed_hint: "같은 수면 여기서도 rnnlab generate에서도 같은 토큰이 나옵니다.",
    another: "다른 수",
    length: "길이",
    length_hint: "한 번에 쓰는 토큰 수. 0이면 끝없이",
    samples: "한 번에 쓰는 글",
    sound: "소리",
    listen: "처음부터 듣기",
    tempo: "빠르기",
    instrument: "악기",
    volume: "음량",
    loop: "반복",
    piano: "피아노",
    music_box: "오르골",
    flute: "플루트",
    organ: "오르간",
    strings: "현악기",
    game: "게임기",
    away: "내려받기와 공유",
    save_text: "텍스트",
    save_midi: "MIDI",
    copy_link: "이 설정이 담긴 링크 복사",
  },
};

const LISTENERS = new Set();
let spoken = "en";

// Adds the words of another part of the page.
export function addWords(more) {
  for (const language of Object.keys(WORDS)) Object.assign(WORDS[language], more[language]);
}

// Returns the words of a key in the present language; numbers are written with commas.
export function say(key, values = {}) {
  const words = WORDS[spoken][key];
  if (words === undefined) throw new Error(`no words for ${key}`);
  return words.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString("en") : value ?? whole;
  });
}

export function spokenLanguage() { return spoken; }

// Changes the language; an unknown one changes nothing.
export function speak(language) {
  if (!Object.hasOwn(WORDS, language)) return;
  spoken = language;
  for (const callback of LISTENERS) callback(language);
}

// Calls a function after each change of the language.
export function onLanguage(callback) {
  LISTENERS.add(callback);
}

// Fills in the words of a part of the document.
export function relabel(root) {
  for (const element of root.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of root.querySelectorAll("[data-say-label]")) {
    element.setAttribute("aria-label", say(element.dataset.sayLabel));
  }
}
