"""Several pictures at once: files, folders and ZIPs to answers, and one export of all of them.

    found = gather([Source.of(path)], work, BatchLimits.of(settings))
    steps = run(found.pictures, asker(service.bulk, spec, query), stop, service.bulk.workers)
    with Exporter(spec, query, chosen_formats(task, ["coco"]), sink, limits.picture) as exporter:
        for step in steps:
            exporter.add(step)
        exporter.finish()

`refined` filters a whole batch again, and `Exporter` writes it again, without a forward pass.
"""
