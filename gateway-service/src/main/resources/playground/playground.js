"use strict";

// A chat client of the public API and of nothing else. Text from models goes into the page as text
// only, never as markup.

const $ = (id) => document.getElementById(id);

const view = {
  key: $("key"), model: $("model"), modelHelp: $("model-help"), status: $("status"),
  temperature: $("temperature"), temperatureValue: $("temperature-value"),
  maxTokens: $("max-tokens"), seed: $("seed"), system: $("system"),
  conversation: $("conversation"), error: $("error"), prompt: $("prompt"),
  ask: $("ask"), send: $("send"), stop: $("stop"), clear: $("clear"), settings: $("settings"),
};

const KEY = "ponder.key";
let models = [];
let messages = [];
let running = null; // the AbortController of the answer under way

function headers() {
  const key = view.key.value.trim();
  const all = {"Content-Type": "application/json"};
  if (key) {
    all.Authorization = "Bearer " + key;
  }
  return all;
}

function showError(text) {
  view.error.textContent = text;
  view.error.hidden = !text;
}

/** What an answer with an error status says. */
async function errorOf(response) {
  const again = response.headers.get("Retry-After");
  let text = "HTTP " + response.status;
  try {
    const body = await response.json();
    text = body.error.message;
  } catch (e) {
    // Not ours: something between here and the gateway answered.
  }
  return again ? text + (/[.!?]$/.test(text) ? "" : ".") + " Try again in " + again + " s." : text;
}

let loads = 0;

async function loadModels() {
  const mine = ++loads;
  try {
    const response = await fetch("v1/models", {headers: headers()});
    if (mine !== loads) {
      return; // a newer key was typed meanwhile
    }
    if (!response.ok) {
      models = [];
      fillModels();
      const needsKey = response.status === 401 && !view.key.value.trim();
      view.status.textContent = needsKey ? "Enter your API key" : "Not connected";
      showError(needsKey ? "" : await errorOf(response));
      return;
    }
    models = (await response.json()).data;
    fillModels();
    const count = models.filter((each) => each.ponder.kind === "model").length;
    view.status.textContent = count + (count === 1 ? " model" : " models") + ", "
        + (models.length - count) + " strategies";
    showError("");
  } catch (e) {
    view.status.textContent = "Not connected";
    showError("The gateway does not answer.");
  }
}

function fillModels() {
  const chosen = view.model.value;
  view.model.replaceChildren();
  for (const [kind, label] of [["model", "Models"], ["strategy", "Strategies"]]) {
    const own = models.filter((each) => each.ponder.kind === kind);
    if (own.length === 0) {
      continue;
    }
    const group = document.createElement("optgroup");
    group.label = label;
    for (const each of own) {
      group.append(new Option(each.id, each.id));
    }
    view.model.append(group);
  }
  if (models.length === 0) {
    view.model.append(new Option("(none yet)", ""));
  }
  if (models.some((each) => each.id === chosen)) {
    view.model.value = chosen;
  }
  describeModel();
}

function describeModel() {
  const found = models.find((each) => each.id === view.model.value);
  if (!found) {
    view.modelHelp.textContent = "";
    return;
  }
  const p = found.ponder;
  const parts = p.kind === "strategy"
      ? [p.description]
      : [p.architecture, p.quantization,
         p.context_length ? p.context_length + " tokens of context" : "",
         p.state === "ready" ? "" : p.state];
  view.modelHelp.textContent = parts.filter(Boolean).join(", ");
}

function addTurn(role, title, text) {
  const turn = document.createElement("li");
  turn.className = "turn " + role;
  const heading = document.createElement("h2");
  heading.textContent = title;
  const body = document.createElement("div");
  body.className = "text";
  body.textContent = text;
  turn.append(heading, body);
  view.conversation.append(turn);
  view.conversation.scrollTop = view.conversation.scrollHeight;
  return {
    turn,
    append(more) {
      stayingAtEnd(() => body.append(more));
    },
    figures(line) {
      stayingAtEnd(() => {
        let p = turn.querySelector(".figures");
        if (!p) {
          p = document.createElement("p");
          p.className = "figures";
          turn.append(p);
        }
        p.textContent = line;
      });
    },
  };
}

/** Changes the conversation; who was reading its end still sees the end, who was not is left alone. */
function stayingAtEnd(change) {
  const area = view.conversation;
  const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < 60;
  change();
  if (atEnd) {
    area.scrollTop = area.scrollHeight;
  }
}

/** The data of each server-sent event of a response, as it comes. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) {
      return;
    }
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      for (const line of rest.slice(0, end).split("\n")) {
        if (line.startsWith("data: ")) {
          yield line.slice(6);
        }
      }
      rest = rest.slice(end + 2);
    }
  }
}

function requestBody() {
  const system = view.system.value.trim();
  const body = {
    model: view.model.value,
    messages: system ? [{role: "system", content: system}, ...messages] : messages,
    temperature: Number(view.temperature.value),
    stream: true,
    stream_options: {include_usage: true, include_ponder_events: true},
  };
  if (view.maxTokens.value) {
    body.max_tokens = Number(view.maxTokens.value);
  }
  if (view.seed.value) {
    body.seed = Number(view.seed.value);
  }
  return body;
}

async function ask() {
  const text = view.prompt.value.trim();
  if (!text || running) {
    return;
  }
  if (!view.model.value) {
    showError("Choose a model first; they are listed once the key is right.");
    return;
  }
  showError("");
  const conversation = messages; // "New conversation" replaces it
  conversation.push({role: "user", content: text});
  const question = addTurn("user", "You", text);
  const answer = addTurn("assistant waiting", view.model.value, "");
  view.prompt.value = "";
  running = new AbortController();
  busy(true);

  const started = performance.now();
  let first = 0;
  let last = 0;
  let pieces = 0;
  let content = "";
  let usage = null;
  let done = false;
  const calls = {asked: 0, told: 0};
  const figures = (stopped) => {
    if (!first) {
      return stopped ? "stopped before the first token" : "";
    }
    const tokens = usage ? usage.completion_tokens : pieces;
    const seconds = (last - first) / 1000;
    const parts = ["first token " + ((first - started) / 1000).toFixed(2) + " s"];
    if (pieces > 1 && seconds > 0) {
      parts.push(((tokens - 1) / seconds).toFixed(1) + " tokens/s");
    }
    parts.push(tokens + " tokens");
    if (usage && usage.prompt_tokens_details.cached_tokens > 0) {
      parts.push(usage.prompt_tokens_details.cached_tokens + " of " + usage.prompt_tokens
          + " prompt tokens cached");
    }
    if (stopped) {
      parts.push("stopped");
    }
    return parts.join(", ");
  };
  try {
    const response = await fetch("v1/chat/completions", {
      method: "POST",
      headers: headers(),
      body: JSON.stringify(requestBody()),
      signal: running.signal,
    });
    if (!response.ok) {
      throw new Error(await errorOf(response));
    }
    for await (const data of events(response)) {
      if (data === "[DONE]") {
        done = true;
        break;
      }
      const chunk = JSON.parse(data);
      if (chunk.error) {
        throw new Error(chunk.error.message);
      }
      usage = chunk.usage || usage;
      if (chunk.ponder && chunk.ponder.type in calls) {
        calls[chunk.ponder.type]++;
        answer.figures(calls.told + " of " + calls.asked + " calls answered");
      }
      const delta = chunk.choices.length ? chunk.choices[0].delta.content : "";
      if (delta) {
        last = performance.now();
        first = first || last;
        pieces++;
        content += delta;
        answer.turn.classList.remove("waiting");
        answer.append(delta);
        answer.figures(figures(false));
      }
    }
    if (!done) {
      throw new Error("The connection was lost in the middle of the answer.");
    }
    answer.figures(figures(false));
  } catch (e) {
    if (e.name === "AbortError") {
      answer.figures(figures(true));
    } else {
      showError(e instanceof TypeError ? "The gateway does not answer." : e.message);
    }
  }
  answer.turn.classList.remove("waiting");
  if (content) {
    conversation.push({role: "assistant", content});
  } else if (conversation === messages) {
    // Nothing came: take the question back, so that it can be sent again.
    conversation.pop();
    answer.turn.remove();
    question.turn.remove();
    view.prompt.value = view.prompt.value || text;
  }
  running = null;
  busy(false);
  view.prompt.focus();
}

function busy(is) {
  view.send.disabled = is;
  view.stop.disabled = !is;
  view.conversation.setAttribute("aria-busy", String(is));
}

let typing = 0;

view.key.value = sessionStorage.getItem(KEY) || "";
view.key.addEventListener("input", () => {
  sessionStorage.setItem(KEY, view.key.value.trim());
  clearTimeout(typing);
  typing = setTimeout(loadModels, 300);
});
view.model.addEventListener("change", describeModel);
view.temperature.addEventListener("input", () => {
  view.temperatureValue.textContent = Number(view.temperature.value).toFixed(1);
});
view.settings.addEventListener("submit", (event) => event.preventDefault());
view.ask.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
view.prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    ask();
  }
});
view.stop.addEventListener("click", () => running && running.abort());
view.clear.addEventListener("click", () => {
  if (running) {
    running.abort();
  }
  messages = [];
  view.conversation.replaceChildren();
  showError("");
  view.prompt.focus();
});

loadModels();
