using ZarrCache.Metadata;

namespace ZarrCache;

/// <summary>The keys that warming asks for, in order: metadata documents, then chunks, made one by one. Immutable.</summary>
public sealed class WarmPlan
{
    private readonly string[] _documents;
    private readonly ZarrSelection[] _chunks;
    private readonly string _prefix;

    private WarmPlan(IEnumerable<string> documents, ZarrSelection[] chunks, string prefix)
    {
        _documents = [.. documents.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))];
        _chunks = [.. chunks.Where(selection => MayHave(selection, prefix))];
        _prefix = prefix;
        KeyCount = _documents.Length + _chunks.Sum(CountKeys);
    }

    /// <summary>How many keys there are; those that two selections have in common count twice.</summary>
    public long KeyCount { get; }

    /// <summary>The keys.</summary>
    public IEnumerable<string> Keys => _documents.Concat(_chunks.SelectMany(KeysOf));

    /// <summary>Reads the metadata of a dataset and plans; a cached store thereby caches them.</summary>
    /// <param name="store">The dataset.</param>
    /// <param name="scope">Which keys.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentException">A selection is none; the message names it and the rule.</exception>
    /// <exception cref="ZarrMetadataException">There is no Zarr dataset, or a document of it is malformed.</exception>
    /// <exception cref="ZarrCacheException">The store failed; or it tells nothing of its arrays, so that they must be named.</exception>
    public static async Task<WarmPlan> CreateAsync(IZarrStore store, WarmScope scope, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(scope);
        ZarrHierarchy hierarchy = await ZarrHierarchy.OpenAsync(store, ct).ConfigureAwait(false);
        if (scope.Selections.Count == 0)
        {
            return hierarchy.IsComplete
                ? new WarmPlan(hierarchy.MetadataKeys, [.. hierarchy.Arrays.Select(array => array.SelectAll())], scope.Prefix)
                : throw new ZarrCacheException("The dataset has no consolidated metadata and its origin cannot be listed, so its arrays are not known; name those you want.");
        }

        var chunks = new ZarrSelection[scope.Selections.Count];
        for (int i = 0; i < chunks.Length; i++)
        {
            chunks[i] = await SelectAsync(store, hierarchy, scope.Selections[i], ct).ConfigureAwait(false);
        }

        IEnumerable<string> documents = hierarchy.MetadataKeys.Concat(chunks.Select(selection => selection.Array.MetadataKey)).Distinct(StringComparer.Ordinal);
        return new WarmPlan(documents.Where(key => chunks.Any(selection => LeadsTo(selection.Array.Path, key))), chunks, scope.Prefix);
    }

    private static async Task<ZarrSelection> SelectAsync(IZarrStore store, ZarrHierarchy hierarchy, string selection, CancellationToken ct)
    {
        string path = selection.Split('[', 2)[0].Trim();
        if (hierarchy.IsComplete || hierarchy.FindArray(path) is not null)
        {
            return hierarchy.Select(selection);
        }

        ZarrArray array = await ZarrHierarchy.OpenArrayAsync(store, path, ct).ConfigureAwait(false);
        return path.Length == selection.Trim().Length ? array.SelectAll() : array.Select(selection[selection.IndexOf('[', StringComparison.Ordinal)..]);
    }

    /// <summary>Whether a document describes the array, or a group that the array lies in.</summary>
    private static bool LeadsTo(string arrayPath, string documentKey)
    {
        int end = documentKey.LastIndexOf('/');
        return end < 0 || arrayPath == documentKey[..end] || arrayPath.StartsWith(documentKey[..(end + 1)], StringComparison.Ordinal);
    }

    /// <summary>Whether an array can have a key with the prefix: one of the two continues the other.</summary>
    private static bool MayHave(ZarrSelection selection, string prefix)
    {
        string own = PrefixOf(selection);
        return own.StartsWith(prefix, StringComparison.Ordinal) || prefix.StartsWith(own, StringComparison.Ordinal);
    }

    private static string PrefixOf(ZarrSelection selection) => selection.Array.Path.Length == 0 ? "" : selection.Array.Path + "/";

    private bool IsWhole(ZarrSelection selection) => PrefixOf(selection).StartsWith(_prefix, StringComparison.Ordinal);

    /// <summary>O(1), or O(chunks) where the prefix cuts through an array.</summary>
    private long CountKeys(ZarrSelection selection) => IsWhole(selection) ? selection.ChunkCount : KeysOf(selection).LongCount();

    private IEnumerable<string> KeysOf(ZarrSelection selection) =>
        IsWhole(selection) ? selection.ChunkKeys : selection.ChunkKeys.Where(key => key.StartsWith(_prefix, StringComparison.Ordinal));
}
