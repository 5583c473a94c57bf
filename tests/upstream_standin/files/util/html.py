from pathlib import Path


class HTML:
    def __init__(self, web_dir, title):
        self.web_dir, self.title, self.names = Path(web_dir), title, []
        self.images = self.web_dir / "images"
        self.images.mkdir(parents=True, exist_ok=True)

    def save(self):
        rows = "".join(f'<img src="images/{name}">' for name in self.names)
        (self.web_dir / "index.html").write_text(f"<title>{self.title}</title>{rows}")
