using System.IO.Enumeration;

namespace ZarrCache.Storage.FileSystem;

/// <summary>The stores of a cache by a pattern: what stands before the placeholder's segment is the base, the id is escaped as a key would be, with <c>/</c> as <c>%2F</c>.</summary>
internal sealed class FileSystemStoreOpener : StoreOpener
{
    private readonly FileSystemStoreOptions _options;
    private readonly string _base;
    private readonly string _prefix;
    private readonly string _suffix;
    private readonly string _below;
    private readonly Lazy<NameRules> _rules;
    private readonly Lazy<Medium> _medium;

    public FileSystemStoreOpener(string pattern, FileSystemStoreOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        int at = pattern.IndexOf(Placeholder, StringComparison.Ordinal);
        if (at < 0 || pattern.IndexOf(Placeholder, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new ArgumentException($"The pattern '{pattern}' must contain {Placeholder} exactly once, as in 'cache/{Placeholder}.zarr'.", nameof(pattern));
        }

        string full = Path.GetFullPath(pattern).Replace(Path.DirectorySeparatorChar, '/');
        at = full.IndexOf(Placeholder, StringComparison.Ordinal);
        int start = full.LastIndexOf('/', at) + 1;
        int end = full.IndexOf('/', at);
        end = end < 0 ? full.Length : end;
        _options = options;
        _base = Roots.Check(full[..start]);
        _prefix = full[start..at];
        _suffix = full[(at + Placeholder.Length)..end];
        _below = full[end..].Trim('/');
        _medium = new(() => Medium.Ask(_base, mayWrite: true), LazyThreadSafetyMode.PublicationOnly);
        _rules = new(() => Roots.PrepareBase(_base), LazyThreadSafetyMode.PublicationOnly);
        if (_prefix.Contains('%') || _suffix.Contains('%') || _prefix.Length + _suffix.Length > FileNames.MaxNameBytes / 4 || _prefix.StartsWith(FileNames.Reserved, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"The pattern '{pattern}' must have less than {FileNames.MaxNameBytes / 4} characters beside {Placeholder}, no '%' among them, and not begin with {FileNames.Reserved} there.", nameof(pattern));
        }
    }

    public override IChunkStore Open(string storeId)
    {
        ZarrKey.ValidateStoreId(storeId);
        return new FileSystemStore(RootOf(storeId), _options, _rules.Value, _medium);
    }

    public override IAsyncEnumerable<string> ListStoresAsync(CancellationToken ct) => List(ct).ToAsyncEnumerable();

    /// <summary>Those of the probes that a directory is tried out with.</summary>
    public override ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        try
        {
            return new(Directory.Exists(_base) ? TemporarySweep.RunBeside(_base, _options.TimeProvider.GetUtcNow() - age, ct) : default);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"Cannot remove the temporary files in '{_base}': {e.Message}", e);
        }
    }

    private IEnumerable<string> List(CancellationToken ct)
    {
        if (!Directory.Exists(_base))
        {
            yield break;
        }

        StringComparison names = _rules.Value.HasFlag(NameRules.FoldsCase) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        var places = new Stack<(string Directory, string Joined)>([(_base, "")]);
        while (places.TryPop(out (string Directory, string Joined) place))
        {
            foreach (string name in Directories(place.Directory))
            {
                ct.ThrowIfCancellationRequested();
                bool first = place.Joined.Length == 0;
                string path = Path.Combine(place.Directory, name);
                if (FileNames.Join(place.Joined, name) is not { } joined || (first && !joined.StartsWith(_prefix, names)))
                {
                    continue;
                }

                if (FileNames.IsPiece(name))
                {
                    places.Push((path, joined));
                }
                else if (joined.EndsWith(_suffix, names)
                    && joined.Length > _prefix.Length + _suffix.Length
                    && FileNames.Unescape(joined[_prefix.Length..^_suffix.Length], _rules.Value) is { } id
                    && ZarrKey.IsValid(id)
                    && FileNames.ToSingleName(_prefix, id, _suffix, _rules.Value).Equals(Path.GetRelativePath(_base, path).Replace(Path.DirectorySeparatorChar, '/'), names)
                    && HoldsAnything(id, ct))
                {
                    yield return id;
                }
            }
        }
    }

    /// <summary>What a process that was killed before its first rename left counts too: a sweep must come to it.</summary>
    private bool HoldsAnything(string id, CancellationToken ct)
    {
        using FileTree tree = FileTree.Create(RootOf(id), _options, _rules.Value);
        return new KeyWalker(tree).Walk("", withStatus: false, ct).Any() || TemporarySweep.FindsAny(tree);
    }

    private string RootOf(string id) =>
        Path.TrimEndingDirectorySeparator(Path.Combine(_base, FileNames.ToSingleName(_prefix, id, _suffix, _rules.Value), _below));

    private static FileSystemEnumerable<string> Directories(string directory) =>
        new(directory, static (ref FileSystemEntry e) => e.FileName.ToString(), new EnumerationOptions { AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true })
        {
            ShouldIncludePredicate = static (ref FileSystemEntry e) => e.IsDirectory,
        };
}
