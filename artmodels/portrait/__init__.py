"""AgileGAN: Stylizing Portraits by Inversion-Consistent Transfer Learning (Song et al., SIGGRAPH 2021)."""
