def build(r):
    import json
    return json.dumps(r, indent=1)
