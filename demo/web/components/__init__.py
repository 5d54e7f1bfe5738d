"""Gradio components shared by the tabs."""
