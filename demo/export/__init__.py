"""Results as files: JSON, CSV, COCO, YOLO, VOC, ZIP archives and replay scripts."""
