// Asks every job of a file in a headless Chromium and prints one JSON line each: {"id": …, "said": …}.
//
//     node chromium.mjs JOBS PROGRAM PROFILE
//
// Chromium is driven over a pipe (the DevTools protocol, messages end with NUL): no port is open. A page asks by
// fetch(), and the network's own events tell what came of it: the status, the name of the error, or both when an answer
// began and did not end well.

import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

const [, , file, program, profile] = process.argv;
const jobs = JSON.parse(readFileSync(file, "utf8"));
// How many jobs are under way at a time.
const TOGETHER = 16;

const flags = [
  "--headless=new",
  "--remote-debugging-pipe",
  `--user-data-dir=${profile}`,
  "--no-first-run",
  "--no-default-browser-check",
  // As root, as in most containers, there is no sandbox to be had.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-crash-reporter",
  "--disable-breakpad",
  "--disable-extensions",
  // Nothing may be asked of the network but the jobs.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--no-pings",
  // A page of no origin may ask anybody, also this machine, and read the answer.
  "--disable-web-security",
  "--disable-features=LocalNetworkAccessChecks,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter,Translate,DialMediaRouteProvider",
  "--host-resolver-rules=MAP *.test 127.0.0.1",
];
const chromium = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
const [, , , input, output] = chromium.stdio;
let over = false;
chromium.on("error", (error) => fail(`${program}: ${error.message}`));
chromium.on("exit", (code) => over || fail(`${program} ended with ${code}`));

function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

let last = 0;
const asked = new Map();
const listeners = new Map();
let pieces = [];
output.setEncoding("utf8");
output.on("data", (text) => {
  const [first, ...others] = text.split("\0");
  pieces.push(first);
  for (const other of others) {
    take(JSON.parse(pieces.join("")));
    pieces = [other];
  }
});

function take(message) {
  if (message.id !== undefined) {
    const { resolve, reject } = asked.get(message.id);
    asked.delete(message.id);
    return message.error ? reject(new Error(message.error.message)) : resolve(message.result);
  }
  listeners.get(message.sessionId)?.(message.method, message.params);
}

function call(method, params = {}, sessionId) {
  const id = ++last;
  input.write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  return new Promise((resolve, reject) => asked.set(id, { resolve, reject }));
}

/** A page in a browser context of its own, which asks. */
async function open(proxy) {
  const behind = proxy === null ? {} : { proxyServer: proxy, proxyBypassList: "<-loopback>" };
  const { browserContextId } = await call("Target.createBrowserContext", behind);
  const { targetId } = await call("Target.createTarget", { url: "about:blank", browserContextId });
  const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
  listeners.set(sessionId, hear);
  await call("Network.enable", { maxPostDataSize: 0 }, sessionId);
  await call("Network.setCacheDisabled", { cacheDisabled: true }, sessionId);
  return sessionId;
}

const pages = new Map();
/** The page for a job: of one browser context, and so with connections that no other page uses. */
function page({ proxy, http2 }) {
  const key = `${http2} ${proxy}`;
  if (!pages.has(key)) pages.set(key, open(proxy));
  return pages.get(key);
}

/** Requests under way: by URL until Chromium gives them a number, then by that. */
const underway = new Map();

function hear(method, params) {
  if (method === "Network.webSocketCreated") underway.set(params.requestId, underway.get(params.url));
  if (method === "Network.webSocketFrameError") underway.get(params.requestId).error = params.errorMessage;
  if (method === "Network.requestWillBeSent" && !underway.has(params.requestId)) {
    const found = underway.get(params.request.url);
    if (found !== undefined) underway.set(params.requestId, found);
  }
  const job = underway.get(params.requestId);
  if (job === undefined) return;
  const failed = (error) => job.finish(job.status === null ? error : `${job.status}, then ${error}`);
  if (method === "Network.requestWillBeSent" && params.redirectResponse && !job.follow) {
    job.finish(String(params.redirectResponse.status));
  }
  if (method === "Network.responseReceived") job.status = params.response.status;
  if (method === "Network.loadingFinished") job.finish(String(job.status));
  if (method === "Network.loadingFailed") failed(params.errorText);
}

/** Asks one job and resolves to what was said. */
async function ask(job) {
  const sessionId = await page(job);
  if (job.websocket) return await converse(job, sessionId);
  job.status = null;
  const done = new Promise((resolve) => (job.finish = resolve));
  underway.set(job.url, job);
  // A blob is not shown to the protocol, which would slow everything down.
  const body = job.body === null ? "undefined" : `new Blob(["x".repeat(${statSync(job.body).size})])`;
  const options = `{ method: ${JSON.stringify(job.method)}, headers: ${JSON.stringify(job.fields)}, body: ${body} }`;
  const expression = `fetch(${JSON.stringify(job.url)}, ${options}).then((answer) => answer.arrayBuffer()).catch(() => {}); 0`;
  await call("Runtime.evaluate", { expression }, sessionId);
  return (await Promise.race([done, silence(job.patience)])) ?? (job.status === null ? "no end" : `${job.status}, then no end`);
}

/** Opens a WebSocket and resolves to the code of its end, and what the console would show. */
async function converse(job, sessionId) {
  underway.set(job.url, job);
  const expression = `new Promise((resolve) => {
    const socket = new WebSocket(${JSON.stringify(job.url)});
    socket.onclose = (event) => resolve(event.code);
  })`;
  const closed = call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId);
  const ended = await Promise.race([closed, silence(job.patience)]);
  if (ended === null) return "no end";
  return job.error === undefined ? String(ended.result.value) : `${ended.result.value}: ${job.error}`;
}

function silence(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000, null));
}

async function work(jobs) {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const said = await ask(job);
    process.stdout.write(JSON.stringify({ id: job.id, said }) + "\n");
  }
}

// All hosts of one certificate share a connection of HTTP/2, so that one job's GOAWAY would end another's: these go one
// by one, in a context of their own, as others may begin under TLS too.
const alone = jobs.filter((job) => job.http2);
const others = jobs.filter((job) => !job.http2);
await Promise.all([work(alone), ...Array.from({ length: TOGETHER }, () => work(others))]);
over = true;
await call("Browser.close").catch(() => {});
await new Promise((resolve) => (chromium.exitCode === null ? chromium.once("exit", resolve) : resolve()));
