"""Self-Supervised Sketch-to-Image Synthesis (Liu, Zhu, Song, Elgammal, AAAI 2021).

picture -> Sketcher -> lines, in one of several hands
sketch -> ContentEncoder -> where things are; exemplar -> StyleEncoder -> how they look
content + style -> Decoder -> the coarse picture
coarse + style + noise -> Refiner -> the picture

    from artmodels import SketchToImage

    model = SketchToImage.from_pretrained("artmodels/sketch2image-illustrations")
    result = model.synthesize("sketch.png", "painting.png", seed=3)
    result.save("picture.psd")
"""
