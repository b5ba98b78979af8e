"""AgileGAN: Stylizing Portraits by Inversion-Consistent Transfer Learning (Song et al., SIGGRAPH 2021).

photo -> find_faces, cut -> the aligned face
face -> Encoder -> a latent for every layer, as mean and variance
latents -> Mapping of the photo model -> style codes
codes -> Synthesis of a style, or between it and the photo model's -> the portrait
portrait -> laid_back -> the photo with it

    from artmodels import PortraitStyle, PortraitStylizer

    style = PortraitStyle.from_pretrained("user/my-style")
    stylizer = PortraitStylizer.for_style(style)
    opened = stylizer.open("photo.jpg")
    stylizer.stylize(opened, style=style, likeness=0.6).save("portrait.png")
"""
