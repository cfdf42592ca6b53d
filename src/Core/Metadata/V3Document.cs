using System.Collections.Immutable;

namespace ZarrCache.Metadata;

/// <summary>The document of Zarr v3: <c>zarr.json</c> of an array or a group.</summary>
internal static class V3Document
{
    public const string Name = "zarr.json";

    /// <summary>Whether the document describes an array; else it describes a group.</summary>
    public static bool IsArray(MetadataValue document)
    {
        MetadataValue format = document.Get("zarr_format");
        if (format.Integer(minimum: 0) != 3)
        {
            throw format.Fault("must be 3 in this document");
        }

        MetadataValue type = document.Get("node_type");
        return type.Text() switch
        {
            "array" => true,
            "group" => false,
            _ => throw type.Fault("must be \"array\" or \"group\""),
        };
    }

    public static ZarrArray ReadArray(string path, MetadataValue document)
    {
        if (document.Find("storage_transformers") is { IsNull: false } transformers && transformers.Items().Count > 0)
        {
            throw transformers.Fault("must be empty: storage transformers change what lies under the keys, and none is supported");
        }

        var shape = document.Get("shape").Integers(minimum: 0);
        var chunkShape = ReadGrid(document.Get("chunk_grid"), shape);
        return new ZarrArray(path, ArrayShape.Join(path, Name), 3, shape, chunkShape, ReadEncoding(document.Get("chunk_key_encoding")))
        {
            DataType = document.Get("data_type").TextOrJson(),
            FillValue = document.Find("fill_value")?.Raw,
            DimensionNames = document.Find("dimension_names") is { IsNull: false } names ? ReadDimensionNames(names, shape.Length) : null,
            Sharding = ReadSharding(document.Get("codecs"), chunkShape),
        };
    }

    /// <summary>The nodes below a group by their paths, where its document has them inline; else null.</summary>
    public static IEnumerable<(string Path, MetadataValue Document)>? FindConsolidated(MetadataValue group)
    {
        if (group.Find("consolidated_metadata") is not { IsNull: false } consolidated)
        {
            return null;
        }

        MetadataValue kind = consolidated.Get("kind");
        return kind.Text() == "inline" ? consolidated.Get("metadata").Members() : throw kind.Fault("must be \"inline\"");
    }

    private static ImmutableArray<long> ReadGrid(MetadataValue grid, ImmutableArray<long> shape) =>
        grid.Extension() switch
        {
            ("regular", { } configuration) => ArrayShape.ReadChunkShape(configuration.Get("chunk_shape"), shape),
            _ => throw grid.Fault("must be a \"regular\" chunk grid with its configuration; no other is supported"),
        };

    private static ChunkKeyEncoding ReadEncoding(MetadataValue encoding)
    {
        (string name, MetadataValue? configuration) = encoding.Extension();
        char? separator = configuration?.Find("separator") is { } found ? ArrayShape.ReadSeparator(found) : null;
        return name switch
        {
            "default" => new ChunkKeyEncoding(IsV2: false, separator ?? '/'),
            "v2" => new ChunkKeyEncoding(IsV2: true, separator ?? '.'),
            _ => throw encoding.Fault("must be the chunk key encoding \"default\" or \"v2\"; no other is supported"),
        };
    }

    private static ZarrSharding? ReadSharding(MetadataValue codecs, ImmutableArray<long> chunkShape)
    {
        if (codecs.Items() is not [var only] || only.Extension() is not ("sharding_indexed", { } configuration))
        {
            return null;
        }

        MetadataValue inner = configuration.Get("chunk_shape");
        var innerShape = inner.Integers(minimum: 1);
        if (innerShape.Length != chunkShape.Length || innerShape.Where((length, axis) => chunkShape[axis] % length != 0).Any())
        {
            throw inner.Fault($"must divide the shard's shape [{string.Join(", ", chunkShape)}] along each axis");
        }

        MetadataValue? location = configuration.Find("index_location");
        return new ZarrSharding(innerShape, location?.Text() switch
        {
            null or "end" => ShardIndexLocation.End,
            "start" => ShardIndexLocation.Start,
            _ => throw location.Value.Fault("must be \"start\" or \"end\""),
        });
    }

    private static IReadOnlyList<string?> ReadDimensionNames(MetadataValue names, int rank)
    {
        List<MetadataValue> items = names.Items();
        return items.Count == rank
            ? [.. items.Select(item => item.IsNull ? null : item.Text())]
            : throw names.Fault($"must have one item for each of the {rank} axes");
    }
}
