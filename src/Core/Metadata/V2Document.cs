namespace ZarrCache.Metadata;

/// <summary>The documents of Zarr v2: <c>.zarray</c> and <c>.zgroup</c> for a node, <c>.zattrs</c> beside them.</summary>
internal static class V2Document
{
    public const string Array = ".zarray";
    public const string Group = ".zgroup";
    public const string Attributes = ".zattrs";
    public const string Consolidated = ".zmetadata";

    /// <summary>An array from its <c>.zarray</c> and, for the names of its axes, its <c>.zattrs</c>.</summary>
    public static ZarrArray ReadArray(string path, MetadataValue document, MetadataValue? attributes)
    {
        CheckFormat(document);
        MetadataValue chunks = document.Get("chunks");
        var shape = document.Get("shape").Integers(minimum: 0);
        return new ZarrArray(path, ArrayShape.Join(path, Array), 2, shape, ArrayShape.ReadChunkShape(chunks, shape), ReadEncoding(document))
        {
            DataType = document.Get("dtype").TextOrJson(),
            FillValue = document.Find("fill_value")?.Raw,
            DimensionNames = attributes is { } found ? ReadDimensionNames(found, shape.Length) : null,
        };
    }

    public static void CheckFormat(MetadataValue document)
    {
        MetadataValue format = document.Get("zarr_format");
        if (format.Integer(minimum: 0) != 2)
        {
            throw format.Fault("must be 2 in this document");
        }
    }

    /// <summary>The documents inside of a <c>.zmetadata</c>, by key.</summary>
    public static Dictionary<string, MetadataValue> ReadConsolidated(MetadataValue document)
    {
        MetadataValue format = document.Get("zarr_consolidated_format");
        if (format.Integer(minimum: 0) != 1)
        {
            throw format.Fault("must be 1, the only form of consolidated metadata that v2 has");
        }

        return document.Get("metadata").Members().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
    }

    private static ChunkKeyEncoding ReadEncoding(MetadataValue document) =>
        new(IsV2: true, document.Find("dimension_separator") is { IsNull: false } separator ? ArrayShape.ReadSeparator(separator) : '.');

    /// <summary>A convention of xarray, not of Zarr: what does not look like it is no fault of the dataset.</summary>
    private static IReadOnlyList<string?>? ReadDimensionNames(MetadataValue attributes, int rank)
    {
        if (attributes.Find("_ARRAY_DIMENSIONS") is not { IsArray: true } names)
        {
            return null;
        }

        List<MetadataValue> items = names.Items();
        return items.Count == rank && items.TrueForAll(item => item.IsText) ? [.. items.Select(item => item.Text())] : null;
    }
}
