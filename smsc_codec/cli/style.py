"""How the page looks, on screens of any size, in light and dark, and on paper."""

STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4;
  --error: #b3261e; --warning: #8a5a00; --info: #0b5cad; --good: #1a7f4b; --bar: #3b74c4; --link: #0b5cad;
  --error-soft: #fdecea; --warning-soft: #fdf3dc; --info-soft: #e8f1fc; --good-soft: #e5f5ec;
  --c0: #3b74c4; --c1: #c2571a; --c2: #2c8a5b; --c3: #8a4fb5; --c4: #a8862a; --c5: #7a828a; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1216; --card: #181c22; --ink: #e6e9ed; --soft: #9aa4af;
  --line: #303842; --error: #ff8a80; --warning: #f2bd54; --info: #82b8ff; --good: #6fd6a0; --bar: #5b93e0;
  --link: #82b8ff; --error-soft: #3a1c1b; --warning-soft: #33290f; --info-soft: #16273b; --good-soft: #132e20;
  --c0: #6ba3ee; --c1: #f09256; --c2: #5cc493; --c3: #bd8be6; --c4: #d9b95a; --c5: #9aa4af; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 68rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
a { color: var(--link); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; } h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; } .soft { color: var(--soft); font-size: .875rem; }
code { font: .875em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
header, section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem;
  margin-bottom: 1rem; }
header { border-left: .375rem solid var(--good); } header.error { border-left-color: var(--error); }
header.warning { border-left-color: var(--warning); } header.info { border-left-color: var(--info); }
header p { margin-top: .5rem; }
dl.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 1fr)); gap: .75rem; margin: 0 0 1rem; }
dl.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem; }
dl.tiles dt { color: var(--soft); font-size: .875rem; } dl.tiles dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); }
header.error, header.warning, header.info { color: inherit; }
.badge { display: inline-block; padding: 0 .5rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600;
  line-height: 1.5rem; white-space: nowrap; justify-self: start; }
.badge.error { background: var(--error-soft); } .badge.warning { background: var(--warning-soft); }
.badge.info { background: var(--info-soft); }
details { border-top: 1px solid var(--line); } details:last-of-type { border-bottom: 1px solid var(--line); }
summary { display: grid; grid-template-columns: 6.5rem 10rem 1fr 5rem; gap: .25rem .75rem; padding: .6rem .25rem;
  cursor: pointer; align-items: baseline; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary:hover { background: var(--page); } summary .count { text-align: right; font-variant-numeric: tabular-nums; }
summary .count::after { content: " \\25b8"; color: var(--soft); }
details[open] summary .count::after { content: " \\25be"; }
summary .says { overflow-wrap: anywhere; }
article { padding: .25rem .25rem .75rem; } article + article { border-top: 1px dashed var(--line); padding-top: .6rem; }
details > p { padding: 0 .25rem .6rem; }
pre { margin: .4rem 0 0; padding: .6rem .75rem; background: var(--page); border: 1px solid var(--line);
  border-radius: .375rem; overflow-x: auto; font: .8125rem/1.4 ui-monospace, monospace; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 400; overflow-wrap: anywhere; } thead th { color: var(--soft); font-size: .875rem; }
th, td { padding: .25rem .75rem .25rem 0; vertical-align: middle; }
td.count, th.count { text-align: right; font-variant-numeric: tabular-nums; padding-right: 0; padding-left: .75rem;
  white-space: nowrap; }
table.lines tbody tr { border-top: 1px solid var(--line); } table.lines tbody th { min-width: 9rem; }
table.lines tr.total { font-weight: 600; } table.lines tr.total th { font-weight: 600; }
td.bar { width: 38%; } td.bar span { display: block; height: .7rem; min-width: 2px; background: var(--bar);
  border-radius: 2px; }
svg { display: block; width: 100%; height: 10rem; } .legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.legend i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .35rem; }
.ends { display: flex; justify-content: space-between; }
dl.codes { margin: 0; display: grid; grid-template-columns: 10rem 1fr; gap: .4rem .75rem; } dl.codes dd { margin: 0; }
dl.codes dt:target, dl.codes dt:target + dd { background: var(--warning-soft); }
@media (max-width: 40rem) {
  body { padding: .75rem .6rem 2rem; } h1 { font-size: 1.25rem; } td.bar { width: 26%; }
  summary { grid-template-columns: auto 1fr auto; } summary .says { grid-column: 1 / -1; }
  summary .code { order: 0; } summary .count { order: 1; } summary .says { order: 2; }
  dl.tiles { grid-template-columns: repeat(auto-fit, minmax(6rem, 1fr)); gap: .5rem; }
  dl.tiles div { padding: .5rem .6rem; } dl.tiles dd { font-size: 1.1rem; overflow-wrap: anywhere; }
  td.count, th.count { padding-left: .4rem; } table.lines tbody th { min-width: 6rem; }
  dl.codes { grid-template-columns: 1fr; gap: 0; } dl.codes dd { margin-bottom: .5rem; } }
@media print { body { background: none; max-width: none; } section, header { break-inside: avoid; } }
""".strip()
