namespace ZarrCache.Metadata;

/// <summary>The arrays and groups of a Zarr dataset, v2 or v3, and the keys that their chunks and documents have. Immutable.</summary>
public sealed class ZarrHierarchy
{
    private readonly Dictionary<string, ZarrArray> _byPath;

    internal ZarrHierarchy(int zarrFormat, IEnumerable<ZarrArray> arrays, IEnumerable<string> groups, IEnumerable<string> metadataKeys, bool isComplete)
    {
        ZarrFormat = zarrFormat;
        Arrays = [.. arrays.OrderBy(array => array.Path, StringComparer.Ordinal)];
        Groups = [.. groups.Order(StringComparer.Ordinal)];
        MetadataKeys = [.. metadataKeys.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        IsComplete = isComplete;
        _byPath = Arrays.ToDictionary(array => array.Path, StringComparer.Ordinal);
    }

    /// <summary>2 or 3.</summary>
    public int ZarrFormat { get; }

    /// <summary>The arrays, ordered by path.</summary>
    public IReadOnlyList<ZarrArray> Arrays { get; }

    /// <summary>The paths of the groups, in order; the root's is empty.</summary>
    public IReadOnlyList<string> Groups { get; }

    /// <summary>The keys of the metadata documents that exist, in order.</summary>
    public IReadOnlyList<string> MetadataKeys { get; }

    /// <summary>False if the dataset has no consolidated metadata and its store cannot list, so that only the root is known.</summary>
    public bool IsComplete { get; }

    /// <summary>
    /// Reads what a store holds: from consolidated metadata if there are any (two requests at most), else by listing the
    /// groups (one to three requests a node, never a listing of chunks), else from the root's own document.
    /// </summary>
    /// <exception cref="ZarrMetadataException">There is no Zarr dataset, or a document of it is malformed or unsupported.</exception>
    /// <exception cref="StoreException">The store failed.</exception>
    public static Task<ZarrHierarchy> OpenAsync(IZarrStore store, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return new HierarchyReader(store).ReadAsync(ct);
    }

    /// <summary>Reads one array by its path, for stores of which the rest cannot be known.</summary>
    /// <inheritdoc cref="OpenAsync" path="/exception"/>
    public static Task<ZarrArray> OpenArrayAsync(IZarrStore store, string path, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(path);
        return new HierarchyReader(store).ReadArrayAsync(path, ct);
    }

    /// <summary>The array at a path; null if there is none.</summary>
    public ZarrArray? FindArray(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>The array whose chunk a key names; null if it names none, whether or not the store has a value under it. Allocates nothing.</summary>
    public ZarrArray? FindArrayOfChunk(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (ZarrKey.IsMetadata(key))
        {
            return null;
        }

        var lookup = _byPath.GetAlternateLookup<ReadOnlySpan<char>>();
        for (ReadOnlySpan<char> path = key; !path.IsEmpty;)
        {
            path = path[..Math.Max(0, path.LastIndexOf('/'))];
            if (lookup.TryGetValue(path, out ZarrArray? array))
            {
                return array.IsChunkKey(key) ? array : null;
            }
        }

        return null;
    }

    /// <summary>A part of an array, as NumPy spells it after the array's path: <c>u[0,:,0:61,:]</c>; the path alone is all of it.</summary>
    /// <exception cref="ArgumentException">The message names the text, the position in it and the rule.</exception>
    /// <seealso cref="ZarrArray.Select"/>
    public ZarrSelection Select(string selection)
    {
        ArgumentNullException.ThrowIfNull(selection);
        if (FindArray(selection.Trim()) is { } whole)
        {
            return whole.SelectAll();
        }

        int open = selection.LastIndexOf('[');
        int close = selection.TrimEnd().Length - 1;
        if (open < 0 != (close < 0 || selection[close] != ']'))
        {
            throw new ArgumentException($"The selection '{selection}' must end its brackets (at position {(open < 0 ? close : selection.Length)}): array[0,:,10:20].", nameof(selection));
        }

        string path = (open < 0 ? selection : selection[..open]).Trim();
        ZarrArray array = FindArray(path) ?? throw new ArgumentException(
            $"The selection '{selection}' names the array '{path}' (at position 0), but the arrays are {string.Join(", ", Arrays.Take(20).Select(known => $"'{known.Path}'"))}{(Arrays.Count > 20 ? ", …" : "")}.",
            nameof(selection));
        return SelectionParser.Parse(array, selection, open + 1, close);
    }
}
