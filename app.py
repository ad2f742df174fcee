"""Opens the demo; what Hugging Face Spaces runs.

    python app.py

GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where it listens (default: 127.0.0.1:7860); SECURITY.md what else a
host can set.
"""

from fer_hub.demo.launch import main

if __name__ == "__main__":
    raise SystemExit(main())
