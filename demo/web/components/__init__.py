"""Gradio components shared by the tabs."""

from gradio import component_meta

# Gradio would write a type stub next to every module that derives a component, at every start; a
# program must not change its own folder.
component_meta.create_or_modify_pyi = lambda *_: None
