"""How the demo looks. System fonts only, so that nothing is fetched from elsewhere."""

import gradio as gr

_FONTS = ["ui-sans-serif", "system-ui", "sans-serif"]

THEME = gr.themes.Soft(
    primary_hue="blue",
    secondary_hue="blue",
    neutral_hue="slate",
    font=_FONTS,
    font_mono=["ui-monospace", "monospace"],
).set(
    # The theme's own subdued greys are too pale to read.
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_300",
)

CSS = """
.gradio-container { max-width: 1180px !important; margin: 0 auto !important; }
.fer-header h1 { font-size: 1.7rem; font-weight: 700; margin: 0; }
.fer-header p { margin: .2rem 0 0; font-size: 1.02rem; }
.fer-notice, .fer-small { font-size: .85rem; color: var(--body-text-color-subdued); }
.fer-hint { padding: 1.2rem; border: 1px dashed var(--border-color-primary); border-radius: 12px; }
#annotated img { max-height: 420px; object-fit: contain; }
#annotated .preview ~ .grid-wrap { visibility: hidden; }
.fer-count { margin: .2rem .4rem; }
.fer-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: .8rem; }
.fer-card { display: flex; gap: .8rem; padding: .8rem; border: 1px solid var(--border-color-primary);
  border-radius: 12px; background: var(--block-background-fill); }
.fer-cards article > .fer-card { height: 100%; box-sizing: border-box; }
.fer-face { flex: none; width: 84px; text-align: center; }
.fer-face img { width: 84px; height: 84px; border-radius: 8px; image-rendering: pixelated; }
.fer-face small { color: var(--body-text-color-subdued); line-height: 1.15; display: block; margin-top: .3rem; }
.fer-bars { flex: 1; min-width: 0; }
.fer-bars h3 { font-size: 1rem; margin: 0 0 .35rem; }
.fer-bar { display: grid; grid-template-columns: 4.2rem 1fr 2.6rem; gap: .4rem; align-items: center;
  font-size: .82rem; line-height: 1.45; }
.fer-bar i, .fer-lane i { height: .55rem; border-radius: 4px; background: var(--border-color-primary);
  overflow: hidden; }
.fer-bar b, .fer-lane b { display: block; height: 100%; border-radius: 4px; }
.fer-bar em { font-style: normal; text-align: right; font-variant-numeric: tabular-nums; }
.fer-bar i { position: relative; }
.fer-bar s { position: absolute; top: 0; width: 2px; height: 100%; background: var(--body-text-color); }
.fer-doubt { color: var(--body-text-color-subdued); font-weight: 400; }
.fer-why { margin: 0; }
#photos .grid-container { grid-template-columns: repeat(auto-fill, minmax(90px, 1fr)); }
.fer-why img { width: 240px; max-width: 100%; border-radius: 12px; }
.fer-downloads a { text-decoration: underline; margin-right: .6rem; }
.fer-tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: .7rem; margin: .8rem 0; }
.fer-tiles > div { padding: .7rem .9rem; border: 1px solid var(--border-color-primary); border-radius: 12px; }
.fer-tiles dt { font-size: .85rem; }
.fer-tiles dd { margin: 0; }
.fer-tiles b { display: block; font-size: 1.45rem; line-height: 1.3; }
.fer-tiles small { color: var(--body-text-color-subdued); line-height: 1.25; display: block; }
.fer-matrix, .fer-table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
.fer-matrix, .fer-table, :is(.fer-matrix, .fer-table) :is(tr, th, td) { border: 0 !important; }
.fer-matrix { table-layout: fixed; width: 100%; }
.fer-matrix caption { caption-side: bottom; text-align: left; font-size: .8rem; padding-top: .3rem;
  color: var(--body-text-color-subdued); }
.fer-matrix thead td, .fer-matrix tbody th { width: 4.6rem; }
.fer-matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
.fer-matrix thead th { vertical-align: bottom; padding-bottom: .3rem; }
.fer-matrix th { font-weight: 500; text-align: left; padding: .2rem !important; }
.fer-matrix thead th { text-align: center; }
.fer-matrix tbody td { text-align: center !important; padding: .55rem 0 !important;
  box-shadow: inset 0 0 0 1px var(--border-color-primary);
  background: color-mix(in srgb, var(--color-accent) calc(var(--share) * .6), transparent); }
.fer-matrix td.fer-right { font-weight: 700; box-shadow: inset 0 0 0 1.5px var(--body-text-color-subdued); }
.fer-table { width: 100%; }
.fer-table th, .fer-table td { padding: .35rem .3rem !important; text-align: right !important;
  border-bottom: 1px solid var(--border-color-primary) !important; }
.fer-table th:first-child { text-align: left !important; font-weight: 500; }
.fer-timeline { display: grid; gap: 1rem; cursor: pointer; }
.fer-person h3 { font-size: 1rem; margin: 0 0 .35rem; display: flex; flex-wrap: wrap; align-items: center;
  gap: .1rem .5rem; }
.fer-person h3 img { width: 56px; height: 56px; margin: 0; border-radius: 8px; image-rendering: pixelated; }
.fer-person small { font-size: .82rem; font-weight: 400; color: var(--body-text-color-subdued); }
.fer-lane, .fer-axis { display: grid; grid-template-columns: 4.2rem 1fr 2.6rem; gap: .4rem; font-size: .82rem;
  line-height: 1.3; position: relative; }
.fer-lane svg { width: 100%; height: 1.25rem; border-bottom: 1px solid var(--border-color-primary); }
.fer-lane em { font-style: normal; text-align: right; font-variant-numeric: tabular-nums; }
.fer-axis { color: var(--body-text-color-subdued); }
.fer-axis p { grid-column: 2; margin: 0; display: flex; justify-content: space-between; }
#moment { position: sticky; top: .5rem; align-self: start; }
#video button[aria-label="Trim video to selection"], #video .trim { display: none; }
.fer-timeline .fer-lane::after { content: ""; position: absolute; top: 0; bottom: 0; width: 2px;
  left: calc(4.6rem + (100% - 7.6rem) * var(--at)); background: var(--body-text-color);
  visibility: var(--shown, hidden); }
.fer-live { display: grid; gap: 1rem; }
.fer-live .fer-lane { grid-template-columns: 4.2rem 3fr 2fr 2.6rem; align-items: center; }
.fer-hint progress { display: block; width: 100%; height: .6rem; margin-top: .5rem; accent-color: var(--color-accent); }
.fer-matrix tbody td:has(button) { padding: 0 !important; }
.fer-matrix tbody td > button[type] { width: 100%; padding: .55rem 0; font: inherit; cursor: pointer;
  background: none; border: 0; border-radius: 0; box-shadow: none; }
.fer-matrix tbody td > button[type]:is(:hover, :focus-visible, [aria-pressed]) {
  box-shadow: inset 0 0 0 2.5px var(--color-accent); outline: 0; }
.fer-confused { list-style: none; padding: 0; margin: .4rem 0; display: flex; flex-wrap: wrap; gap: .4rem; }
.fer-confused button { padding: .3rem .7rem; border: 1px solid var(--border-color-primary); border-radius: 999px;
  font-size: .85rem; text-align: left; cursor: pointer; }
.fer-confused button:hover, .fer-confused button[aria-pressed] { border-color: var(--color-accent); }
.fer-confused small { color: var(--body-text-color-subdued); margin-left: .2rem; }
.fer-facts { margin: .3rem 0 .6rem; }
.fer-sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(64px, 1fr)); gap: .5rem; }
.fer-sheet figure { margin: 0; text-align: center; }
.fer-sheet img { width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 6px; background: #0002; }
.fer-sheet figcaption { font-size: .75rem; font-variant-numeric: tabular-nums; }
.fer-chart { width: 100%; max-width: 560px; background: white; padding: .5rem; border-radius: 12px; }
.fer-robustness tbody th { width: 7.5rem !important; }
.fer-robustness thead td { width: 7.5rem !important; }
.fer-robustness tbody td { padding: .3rem 0 !important; }
.fer-versus h3 { font-size: 1rem; margin: .8rem 0 .4rem; }
.fer-side { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(280px, 100%), 1fr)); gap: .8rem; }
.fer-model { margin: 0; font-size: .85rem; color: var(--body-text-color-subdued); overflow-wrap: anywhere; }
.fer-matrices { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(330px, 100%), 1fr)); gap: 1.2rem; }
.tab-wrapper { contain: inline-size; } /* or the row of tabs makes the page wider than a phone */
#card, #card .prose { min-width: 0; max-width: 100%; overflow-wrap: anywhere; }
#card table { display: block; max-width: 100%; overflow-x: auto; }
#card pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
#card code { white-space: pre-wrap; overflow-wrap: anywhere; }
#report, #cell, #told { overflow-wrap: anywhere; }
footer .divider { display: none; }
@media (max-width: 480px) {
  .fer-matrix, .fer-table { font-size: .76rem; }
  .fer-table th, .fer-table td { padding: .35rem .12rem !important; }
  .fer-matrix thead td, .fer-matrix tbody th { width: 3.9rem; }
}
"""
