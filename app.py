"""Opens the demo; what Hugging Face Spaces runs.

    python app.py

GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where it listens (default: 127.0.0.1:7860).
"""

from fer_hub.demo.app import LAUNCH_OPTIONS, build_demo

demo = build_demo()

if __name__ == "__main__":
    demo.launch(**LAUNCH_OPTIONS)
