"""Two-Step Training: Adjustable Sketch Colourization via Reference Image and Text Tag (Yan et al., CGF 2023).

reference -> ReferenceEncoder -> features -> its classifier -> probabilities of its tags
tags as wished minus tags as read -> TagMapping -> how the features shall change
sketch + features -> Generator -> the sketch in colour

    from artmodels import TagColorizer

    colorizer = TagColorizer.from_pretrained("artmodels/colorizer-illustrations")
    result = colorizer.colorize("sketch.png", reference="painting.png", tags={"red_hair": 1.5})
    result.save("coloured.psd")
"""
