using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace ZarrCache.Metadata;

/// <summary>
/// One array as its metadata describe it: what its chunks are called, not what is in them. Immutable. A chunk is here
/// always a stored object; of a sharded array, a shard.
/// </summary>
public sealed class ZarrArray
{
    private readonly ChunkKeyEncoding _encoding;
    private readonly string _prefix;

    internal ZarrArray(string path, string metadataKey, int zarrFormat, ImmutableArray<long> shape, ImmutableArray<long> chunkShape, ChunkKeyEncoding encoding)
    {
        Path = path;
        MetadataKey = metadataKey;
        ZarrFormat = zarrFormat;
        Shape = shape;
        ChunkShape = chunkShape;
        GridShape = [.. shape.Select((length, axis) => (length / chunkShape[axis]) + (length % chunkShape[axis] == 0 ? 0 : 1))];
        ChunkCount = CountChunks(GridShape, metadataKey);
        _encoding = encoding;
        _prefix = path.Length == 0 ? "" : path + "/";
    }

    /// <summary>Where the array lies in its dataset: <c>u</c>, <c>group/u</c>; empty for an array at the root.</summary>
    public string Path { get; }

    /// <summary>The key of the document that describes it: <c>u/.zarray</c> or <c>u/zarr.json</c>.</summary>
    public string MetadataKey { get; }

    /// <summary>2 or 3.</summary>
    public int ZarrFormat { get; }

    /// <summary>Elements along each axis; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    /// <summary>Elements of a stored object along each axis, at least 1.</summary>
    public ImmutableArray<long> ChunkShape { get; }

    /// <summary>Chunks along each axis.</summary>
    public ImmutableArray<long> GridShape { get; }

    /// <summary>How many chunk keys there are; which of them have a value only the store knows. 1 for a scalar, 0 if an axis has no element.</summary>
    public long ChunkCount { get; }

    /// <summary>The inner chunks; null if there are none, or if codecs around the shards mean that they cannot be read by ranges.</summary>
    public ZarrSharding? Sharding { get; internal init; }

    /// <summary>The data type as the metadata spell it: <c>&lt;f8</c>, <c>int16</c>; JSON where it is no plain name.</summary>
    public required string DataType { get; init; }

    /// <summary>The fill value as JSON, <c>"NaN"</c> with its quotes; null if the document has none.</summary>
    public string? FillValue { get; internal init; }

    /// <summary>The names of the axes, some of which may be null; null if they have none. In v2 these are xarray's <c>_ARRAY_DIMENSIONS</c>.</summary>
    public IReadOnlyList<string?>? DimensionNames { get; internal init; }

    /// <summary>The key of the chunk at a place in the grid.</summary>
    /// <exception cref="ArgumentException">The place has another number of axes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It is outside of the grid.</exception>
    public string GetChunkKey(params ReadOnlySpan<long> index)
    {
        if (index.Length != GridShape.Length)
        {
            throw new ArgumentException($"The place has {index.Length} axes, the array '{Path}' {GridShape.Length}.", nameof(index));
        }

        for (int axis = 0; axis < index.Length; axis++)
        {
            if (index[axis] < 0 || index[axis] >= GridShape[axis])
            {
                throw new ArgumentOutOfRangeException(nameof(index), index[axis], $"Axis {axis} of the grid of '{Path}' has {GridShape[axis]} chunks.");
            }
        }

        return _encoding.Encode(_prefix, index);
    }

    /// <summary>The place in the grid that a key names; false if it is no chunk key of this array, or one outside of the grid.</summary>
    public bool TryGetChunkIndex(string key, out ImmutableArray<long> index)
    {
        ArgumentNullException.ThrowIfNull(key);
        var place = new long[GridShape.Length];
        bool found = TryDecode(key, place);
        index = found ? ImmutableCollectionsMarshal.AsImmutableArray(place) : default;
        return found;
    }

    /// <summary>Every chunk key, the last axis fastest, made one by one as they are asked for.</summary>
    public IEnumerable<string> EnumerateChunkKeys() => SelectAll().ChunkKeys;

    /// <summary>The whole array as a selection.</summary>
    public ZarrSelection SelectAll() => new(this, [.. Shape.Select((length, axis) => new AxisSelection(0, length, 1, ChunkShape[axis]))]);

    /// <summary>
    /// A part of the array, as NumPy spells it: <c>0,:,-61:,::2</c>, with or without brackets around. Integers may be
    /// negative and must be within the axis; slices are cut off at its ends; steps are at least 1; <c>...</c> stands
    /// for all axes not named, as does leaving out the last ones.
    /// </summary>
    /// <exception cref="ArgumentException">The message names the text, the position in it and the rule.</exception>
    public ZarrSelection Select(string selection) => SelectionParser.Parse(this, selection);

    /// <summary>Whether a key names a place in the grid. No allocation for up to 32 axes.</summary>
    internal bool IsChunkKey(string key) => TryDecode(key, GridShape.Length <= 32 ? stackalloc long[GridShape.Length] : new long[GridShape.Length]);

    internal string KeyAt(ReadOnlySpan<long> index) => _encoding.Encode(_prefix, index);

    private bool TryDecode(string key, Span<long> index) =>
        key.StartsWith(_prefix, StringComparison.Ordinal) && _encoding.TryDecode(key.AsSpan(_prefix.Length), GridShape.AsSpan(), index);

    private static long CountChunks(ImmutableArray<long> grid, string document)
    {
        if (grid.Contains(0))
        {
            return 0;
        }

        try
        {
            return grid.Aggregate(1L, (product, count) => checked(product * count));
        }
        catch (OverflowException e)
        {
            throw new ZarrMetadataException(document, $"makes a grid of {string.Join(" x ", grid)} chunks, which must be fewer than 2^63", e);
        }
    }
}
