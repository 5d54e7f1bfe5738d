"""Gradio components shared by the tabs."""

from gradio import component_meta

# Gradio writes a type stub beside every module that derives a component, at every start; a program
# does not change its own folder.
component_meta.create_or_modify_pyi = lambda *_: None
