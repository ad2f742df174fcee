"""How the demo looks. System fonts only, so that nothing is fetched from elsewhere."""

import gradio as gr

_FONTS = ["ui-sans-serif", "system-ui", "sans-serif"]

THEME = gr.themes.Base(
    primary_hue="blue",
    secondary_hue="blue",
    neutral_hue="slate",
    radius_size="md",
    spacing_size="sm",
    font=_FONTS,
    font_mono=["ui-monospace", "monospace"],
).set(
    # Edges that can be seen in both themes, quiet labels, and greys that are dark enough to read.
    body_text_color_subdued="*neutral_600",
    body_text_color_subdued_dark="*neutral_300",
    block_info_text_color="*neutral_600",
    block_info_text_color_dark="*neutral_300",
    body_background_fill="white",
    border_color_primary="*neutral_300",
    border_color_primary_dark="*neutral_600",
    block_border_width="0px",
    block_background_fill="transparent",
    block_background_fill_dark="transparent",
    block_label_text_color="*neutral_700",
    block_label_text_color_dark="*neutral_200",
    block_title_text_color="*neutral_700",
    block_title_text_color_dark="*neutral_200",
    block_title_text_weight="500",
    input_background_fill="white",
    input_background_fill_dark="*neutral_900",
    input_border_color="#8a94a6",
    input_border_color_dark="*neutral_500",
    input_border_width="1px",
    input_placeholder_color="*neutral_600",
    input_placeholder_color_dark="*neutral_300",
    checkbox_border_color="#6b7789",
    checkbox_border_color_dark="*neutral_400",
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_dark="*primary_700",
    button_primary_text_color="white",
    button_secondary_background_fill="white",
    button_secondary_background_fill_dark="*neutral_800",
    button_secondary_border_color="#8a94a6",
    button_secondary_border_color_dark="*neutral_500",
    button_border_width="1px",
    color_accent="*primary_700",
    link_text_color="*primary_700",
    link_text_color_dark="*primary_300",
)
