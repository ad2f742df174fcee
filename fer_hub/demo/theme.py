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
