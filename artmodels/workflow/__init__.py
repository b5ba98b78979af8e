"""Modeling Artistic Workflows for Image Generation and Editing (Tseng et al., ECCV 2020, arXiv 2007.07238).

artwork -> StageInference, last stage to first -> the stages of its making
stage + its successor -> LatentEncoder -> latent -> StageGenerator.adain_vector -> AdaIN vector
stage + AdaIN vector -> StageGenerator -> next stage, and so on up to the artwork again

    from artmodels import WorkflowEditor

    editor = WorkflowEditor.from_pretrained("artmodels/workflow-illustrations")
    result = editor.edit("drawing.png", stage="flat", seed=3)
    result.save("recoloured.psd")
"""
