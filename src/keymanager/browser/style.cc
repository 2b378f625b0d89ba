// SPDX-License-Identifier: Apache-2.0
#include "keymanager/browser/style.h"

namespace gatehouse::keymanager {

constinit const std::string_view page_style = R"css(
:root {
  color-scheme: light dark;
  --ground: #f3f5f8; --card: #ffffff; --ink: #16202c; --soft: #51606f; --line: #c3ccd6;
  --field: #ffffff; --accent: #1f5fbf; --accent-ink: #ffffff; --accent-strong: #174a97;
  --bad: #a3231c; --bad-ground: #fdf0ef; --good: #1c6b3c; --good-ground: #edf8f1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10161d; --card: #18212b; --ink: #e8edf3; --soft: #a5b3c2; --line: #3b4958;
    --field: #10161d; --accent: #7db0ff; --accent-ink: #0c1a2e; --accent-strong: #a3c7ff;
    --bad: #ffb3ad; --bad-ground: #3a1a18; --good: #a5e3bd; --good-ground: #14301f;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center;
  justify-content: center; padding: 1.5rem 1rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans",
    sans-serif;
}
main {
  width: 100%; max-width: 26rem; padding: 2.25rem 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 1px 2px rgb(16 24 40 / 6%), 0 12px 32px rgb(16 24 40 / 8%);
}
main.wide { max-width: 40rem; }
header { width: 100%; max-width: 26rem; margin-bottom: 1rem; text-align: center; }
header img { display: block; margin: 0 auto .5rem; max-width: 12rem; max-height: 4rem; }
header p { margin: 0; font-weight: 600; letter-spacing: .01em; color: var(--soft); }
h1 { margin: 0 0 .35rem; font-size: 1.45rem; line-height: 1.25; letter-spacing: -.01em; }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem; }
p { margin: .35rem 0 1rem; }
.soft, small { color: var(--soft); }
label { display: block; margin: 1rem 0 .3rem; font-weight: 600; }
input[type=text], input[type=password] {
  width: 100%; padding: .7rem .8rem; border: 1px solid var(--line); border-radius: 8px;
  background: var(--field); color: var(--ink); font: inherit;
}
input.code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; letter-spacing: .18em; }
button {
  width: 100%; margin-top: 1.25rem; padding: .75rem 1rem; border: 1px solid transparent;
  border-radius: 8px; background: var(--accent); color: var(--accent-ink); font: inherit;
  font-weight: 600; cursor: pointer;
}
button:hover { background: var(--accent-strong); }
button.plain { background: transparent; border-color: var(--line); color: var(--ink); }
button.plain:hover { background: var(--ground); }
button.small { width: auto; margin: 0; padding: .35rem .8rem; }
input:focus-visible, button:focus-visible, a:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
.pair { display: flex; gap: .75rem; }
.message { padding: .7rem .9rem; border-radius: 8px; border: 1px solid; }
.bad { color: var(--bad); background: var(--bad-ground); }
.good { color: var(--good); background: var(--good-ground); }
ul.links { margin: 1rem 0; padding: 0; list-style: none; }
ul.scopes { margin: 1rem 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
ul.scopes li { padding: .6rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
ul.scopes small { display: block; }
ul.codes {
  columns: 2; padding: 1rem 1.25rem; margin: 1rem 0; list-style: none; border-radius: 8px;
  background: var(--ground); font-family: ui-monospace, "DejaVu Sans Mono", monospace;
}
.row { display: flex; gap: 1rem; align-items: center; justify-content: space-between; }
.qr { display: block; margin: 1rem auto; background: #ffffff; padding: .75rem; border-radius: 8px; }
code { overflow-wrap: anywhere; }
a { color: var(--accent); }
.links { margin: 1.5rem 0 0; text-align: center; }
@media (max-width: 30rem) { main { padding: 1.5rem 1.15rem; } .pair { flex-direction: column; }
  .pair button + button { margin-top: 0; } }
)css";

}  // namespace gatehouse::keymanager
