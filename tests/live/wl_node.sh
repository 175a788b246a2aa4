#!/usr/bin/env bash
# shellcheck disable=SC2317,SC2034,SC2016
# Node.js at work under config/whitelists/node.ini.
. "$(dirname "$0")/../helpers/wl.sh"
. "$(dirname "$0")/../helpers/wl_inside.sh"

shipped node

BEFORE=clear_away
clear_away()
{
    rm -rf "$TMP/scratch"
    mkdir -p "$TMP/scratch/node_modules/x"
    cd "$TMP/scratch" || exit
    echo 'exports.a = "a module"' >node_modules/x/index.js
    cat >script.mjs <<'END'
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import x from 'x';
await sleep(10);
console.log(fs.readdirSync('.').length, x.a);
END
}

files()
{
    node -e 'const fs = require("fs");
fs.writeFileSync("x", "y"); fs.appendFileSync("x", "z"); console.log(fs.readFileSync("x", "utf8"), fs.statSync("x").size);
fs.mkdirSync("d/e", { recursive: true }); fs.renameSync("x", "d/x"); fs.copyFileSync("d/x", "d/y");
fs.chmodSync("d/x", 0o600); fs.symlinkSync("x", "d/s"); fs.linkSync("d/x", "d/h"); fs.truncateSync("d/x", 1);
fs.utimesSync("d/x", 1, 1); fs.accessSync("d/x"); console.log(fs.readlinkSync("d/s"), fs.existsSync("q"), fs.readdirSync("d"));
console.log(fs.realpathSync("d/s") == fs.realpathSync("d") + "/x"); fs.rmSync("d", { recursive: true });
const f = fs.openSync("z", "w+"); fs.writeSync(f, "abc", 0); fs.readSync(f, Buffer.alloc(2), 0, 2, 1); fs.fsyncSync(f);
fs.fdatasyncSync(f); fs.ftruncateSync(f, 1); fs.fchmodSync(f, 0o644); fs.futimesSync(f, 1, 1);
fs.writevSync(f, [Buffer.from("a"), Buffer.from("b")]); fs.closeSync(f); fs.rmdirSync(fs.mkdtempSync("./tmp")); fs.statfsSync && fs.statfsSync(".");
process.chdir("/"); process.umask(0o22); fs.lstatSync(".")'
    node -e 'const fs = require("fs/promises"); (async () => {
await fs.writeFile("pf", "x".repeat(1e6)); console.log((await fs.readFile("pf")).length, (await fs.stat("pf")).size);
await fs.copyFile("pf", "pg"); await fs.rename("pg", "ph"); await fs.unlink("ph"); const h = await fs.open("pf");
await h.read(Buffer.alloc(10), 0, 10, 5); await h.close() })()'
    node -e 'const fs = require("fs"), z = require("zlib"); fs.createReadStream("pf").pipe(z.createGzip())
.pipe(fs.createWriteStream("pf.gz")).on("finish", () => console.log(z.gunzipSync(fs.readFileSync("pf.gz")).length))'
    node -e 'const fs = require("fs"); const w = fs.watch(".", e => { console.log(e); w.close() });
setTimeout(() => fs.writeFileSync("new", ""), 20)'
}

compute()
{
    node -e 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } console.log(f(25));
const m = new Map(); for (let i = 0; i < 2e5; i++) m.set(i, { i }); console.log(m.size, "x".repeat(1e3).replace(/x+y/g, "").length);
for (let j = 0; j < 50; j++) new Function("a", "return a + " + j)(j)'
    node -e 'const { Worker } = require("worker_threads"); let n = 0; for (let i = 0; i < 3; i++)
new Worker("let s = 0; for (let i = 0; i < 1e6; i++) s += i; require(\"worker_threads\").parentPort.postMessage(s)", { eval: true })
.on("message", m => { if (++n == 3) console.log(m) })'
    node -e 'WebAssembly.compile(new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,
0,0,10,9,1,7,0,32,0,32,1,106,11])).then(m => console.log(new WebAssembly.Instance(m).exports.add(1, 2)))'
    node -e 'const c = require("crypto"); console.log(c.createHash("sha256").update("x").digest("hex"), c.randomBytes(8).length);
c.scrypt("a", "b", 8, (e, k) => console.log(k)); c.generateKeyPairSync("ec", { namedCurve: "P-256" })'
    node --expose-gc -e 'gc(); console.log(new Intl.DateTimeFormat("de", { timeZone: "Europe/Berlin" }).format(0))'
    node --jitless -p '6 * 7'
}

ask()
{
    node script.mjs
    echo hello | node -e 'process.stdin.on("data", d => console.log(String(d)))'
    node -e 'const os = require("os"); console.log(os.cpus().length > 0, os.totalmem() > 0, os.userInfo().uid, os.homedir() > "",
os.release() > "", os.uptime() > 0, os.getPriority(), process.memoryUsage().rss > 0, process.resourceUsage().maxRSS > 0, process.getgroups().length > 0)'
    node -e 'process.title = "x"; process.on("SIGUSR2", () => { console.log("signalled"); process.exit() });
setTimeout(() => process.kill(process.pid, "SIGUSR2"), 20); setInterval(() => {}, 1000)'
    node -e 'const r = require("readline").createInterface({ input: require("fs").createReadStream("script.mjs") });
let n = 0; r.on("line", () => n++).on("close", () => console.log(n)); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)'
    node --cpu-prof --cpu-prof-dir=profile -e 1 && find profile -name '*.cpuprofile' | wc -l
    node --check node_modules/x/index.js
}

# A trace of the stack has lines that begin as a report's do, hence --stack-trace-limit=0, and what is
# said at a death is left out.
go_wrong()
{
    node -e 'try { require("fs").readFileSync("none") } catch (e) { console.log(e.code); process.exit(3) }' ||
        echo "status $?"
    node --stack-trace-limit=0 -e 'throw new RangeError("bad")' 2>&1 | grep '^RangeError'
    node --stack-size=400 -e 'function f() { f() } try { f() } catch (e) { console.log(e.message) }'
    (node --stack-trace-limit=0 -e 'process.abort()' 2>/dev/null || echo "status $?") 2>/dev/null
    (node --nonsense 2>&1 || echo "status $?") | sed "s|^.*/node:|node:|"
}

same "files" files
same "computing" compute
same "modules, streams, the machine, tools" ask
same "what fails" go_wrong

attack "child_process.spawn" 'EPERM' node --stack-trace-limit=0 -e \
    'require("child_process").spawn("true").on("error", e => console.log(e.code))'
attack "child_process.execSync" '^1\|.*EPERM' node -e 'require("child_process").execSync("true")'
attack "a TCP connection" '^0\|EPERM\|$' node -e \
    'require("net").connect(1, "127.0.0.1").on("error", e => console.log(e.code))'
attack "listening" '^0\|EPERM\|$' node -e \
    'const s = require("net").createServer().on("error", e => console.log(e.code)).listen(0, () => s.close())'
attack "a UDP socket" '^0\|EPERM\|$' node -e \
    'const s = require("dgram").createSocket("udp4").on("error", e => console.log(e.code)); s.bind(0, "127.0.0.1", () => s.close())'
# V8 is a JIT: it has to make memory executable.
intruded node "${INSIDE_REFUSED/protect=EPERM/protect=done}" node -e 1
finish
