// The style of the devtools, inside their shadow root.

/** Fits narrow windows and both colour schemes. State is never shown by colour alone. */
export const STYLE = `
:host { position: fixed; z-index: 2147483000; display: flex; flex-direction: column; color-scheme: light dark;
  background: light-dark(#fff, #16181d); color: light-dark(#1b1f24, #e6e8eb); font: 12px/1.5 system-ui, sans-serif;
  box-shadow: 0 0 12px #0005; right: 0; bottom: 0; box-sizing: border-box }
:host([hidden]) { display: none }
:host([dock=bottom]) { left: 0; height: 40vh }
:host([dock=right]) { top: 0; width: min(560px, 100vw) }
:host([dock=window]) { inset: 0; box-shadow: none }
header { display: flex; flex-wrap: wrap; gap: 4px; padding: 6px 8px; align-items: center; border-bottom: 1px solid light-dark(#d5d9de, #353a43) }
header strong { margin-right: 6px }
header span { flex: 1 }
[role=tablist] { display: flex; flex-wrap: wrap; gap: 4px }
[role=tabpanel] { overflow: auto; padding: 8px; flex: 1; min-height: 0 }
button { font: inherit; color: inherit; background: light-dark(#eef0f2, #2a2e36); border: 1px solid light-dark(#c3c8ce, #444a55); border-radius: 4px; padding: 1px 7px; cursor: pointer }
button[aria-selected=true], button[aria-pressed=true] { background: light-dark(#1f5fd0, #2f6fe0); border-color: transparent; color: #fff }
button.link { background: none; border: 0; padding: 0; text-align: left; text-decoration: underline; color: light-dark(#0b57d0, #8ab4f8) }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 2px 8px 2px 0; white-space: nowrap; vertical-align: top; font-variant-numeric: tabular-nums }
th { font-weight: 600; color: light-dark(#57606a, #9aa3ad) }
tr + tr td { border-top: 1px solid light-dark(#eceef0, #262a31) }
h2 { font-size: 13px; margin: 0 0 6px }
table + h2 { margin-top: 12px }
p { margin: 4px 0 }
.pill { display: inline-block; border-radius: 9px; padding: 0 8px; border: 1px solid light-dark(#8c959f, #6b7480) }
.good { background: light-dark(#d7f3df, #12391f); border-color: light-dark(#1a7f37, #3fb950) }
.busy { background: light-dark(#fff1c9, #3d3009); border-color: light-dark(#9a6700, #d29922) }
span.bad { background: light-dark(#ffe1de, #4a1613); border-color: light-dark(#cf222e, #f85149) }
p.bad, li.bad { color: light-dark(#b3131f, #ff8a82) }
.on { background: light-dark(#dde1e6, #3a404a) }
.off { opacity: .55 }
ol, ul { list-style: none; margin: 0; padding: 0 }
.graph { display: flex; gap: 18px; margin: 4px 0 8px }
.graph li { display: flex; flex-direction: column; gap: 3px; justify-content: center; position: relative }
.graph li + li::before { content: '→'; position: absolute; left: -15px; top: 50%; translate: 0 -50% }
.log li { padding: 1px 0; overflow-wrap: anywhere }
time { color: light-dark(#57606a, #9aa3ad); font-variant-numeric: tabular-nums }
.diff { margin: 2px 0 6px 16px }
.diff li { display: flex; gap: 8px; flex-wrap: wrap }
code { font: 11px/1.5 ui-monospace, monospace }
del { color: light-dark(#b3131f, #ff8a82) }
ins { color: light-dark(#116329, #56d364); text-decoration: none }
polyline { fill: none; stroke: light-dark(#1f5fd0, #8ab4f8); stroke-width: 1.2 }
svg { vertical-align: middle }
`
