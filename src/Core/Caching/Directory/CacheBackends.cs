namespace ZarrCache;

/// <summary>
/// The back ends that a cache directory can be opened with, by the names that its manifest gives them, so that Core knows
/// none of them: each adds itself with an extension (<c>AddSqlite()</c>, <c>AddFileSystem()</c>). To be filled before it is
/// used, then thread-safe.
/// </summary>
public sealed class CacheBackends
{
    private readonly Dictionary<string, Func<CacheBackendContext, CancellationToken, ValueTask<IStoreIndex>>> _indexes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (Func<string, CacheBackendContext, CancellationToken, ValueTask<IStoreIndex>> Open, Func<string, string> Normalize)> _servers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<string, CacheBackendContext, StoreOpener>> _storages = new(StringComparer.Ordinal);

    /// <summary>Adds the index <c>memory</c> and the storage <c>memory://{store_id}</c>, which go with the process.</summary>
    public CacheBackends AddMemory() =>
        AddIndex("memory", (context, _) => new(new MemoryStoreIndex(context.Policy)))
            .AddStorage("memory", (_, context) => MemoryStore.Opener(context.Time));

    /// <summary>Adds an index.</summary>
    /// <param name="kind">Its name in manifests, such as <c>sqlite</c>.</param>
    /// <param name="open">Opens it, or makes it.</param>
    public CacheBackends AddIndex(string kind, Func<CacheBackendContext, CancellationToken, ValueTask<IStoreIndex>> open)
    {
        ArgumentException.ThrowIfNullOrEmpty(kind);
        ArgumentNullException.ThrowIfNull(open);
        _indexes[kind] = open;
        return this;
    }

    /// <summary>Adds an index that a server keeps, named by its address.</summary>
    /// <param name="scheme">What stands before the <c>://</c> of its addresses, such as <c>redis</c>.</param>
    /// <param name="open">Opens the one at an address, or makes it. The address may be as it was given, or as the manifest has it: without secrets.</param>
    /// <param name="normalize">Spells an address in one way and without secrets, for the manifest; refuses what is none with an <see cref="ArgumentException"/>.</param>
    public CacheBackends AddIndex(string scheme, Func<string, CacheBackendContext, CancellationToken, ValueTask<IStoreIndex>> open, Func<string, string> normalize)
    {
        ArgumentException.ThrowIfNullOrEmpty(scheme);
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(normalize);
        _servers[scheme] = (open, normalize);
        return this;
    }

    /// <summary>Adds a chunk storage.</summary>
    /// <param name="scheme">What stands before the <c>://</c> of its patterns; empty for paths.</param>
    /// <param name="open">Makes an opener for a pattern.</param>
    public CacheBackends AddStorage(string scheme, Func<string, CacheBackendContext, StoreOpener> open)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        ArgumentNullException.ThrowIfNull(open);
        _storages[scheme] = open;
        return this;
    }

    /// <summary>Refuses what <see cref="OpenIndexAsync"/> and <see cref="OpenStorage"/> would, before anything is made.</summary>
    internal void Validate(string kind, string pattern)
    {
        _ = FindIndex(kind);
        _ = FindStorage(pattern);
    }

    /// <summary>An index as a manifest names it: an address without secrets, a kind as it is.</summary>
    internal string NormalizeIndex(string index) => SchemeOf(index) is { } scheme && _servers.TryGetValue(scheme, out var server) ? server.Normalize(index) : index;

    /// <summary>Whether an index is the address of a server, which is somewhere else than the cache directory.</summary>
    internal bool IsServer(string index) => SchemeOf(index) is { } scheme && _servers.ContainsKey(scheme);

    internal ValueTask<IStoreIndex> OpenIndexAsync(string kind, CacheBackendContext context, CancellationToken ct) => FindIndex(kind)(context, ct);

    internal StoreOpener OpenStorage(string pattern, CacheBackendContext context) => FindStorage(pattern)(pattern, context);

    private Func<CacheBackendContext, CancellationToken, ValueTask<IStoreIndex>> FindIndex(string kind)
    {
        if (_indexes.TryGetValue(kind, out var open))
        {
            return open;
        }

        string? scheme = SchemeOf(kind);
        if (scheme is not null && _servers.TryGetValue(scheme, out var server))
        {
            return (context, ct) => server.Open(kind, context, ct);
        }

        // of an address nothing more is repeated: it may have a password in it
        throw new ZarrCacheException($"There is no index '{(scheme is null ? kind : scheme + "://…")}' here; there is {List(_indexes.Keys.Concat(_servers.Keys.Select(one => one + "://")))}. Add the back end that has it.");
    }

    private static string? SchemeOf(string text) => text.IndexOf("://", StringComparison.Ordinal) is >= 0 and int end ? text[..end] : null;

    private Func<string, CacheBackendContext, StoreOpener> FindStorage(string pattern)
    {
        if (!pattern.Contains(StoreOpener.Placeholder, StringComparison.Ordinal))
        {
            throw new ArgumentException($"The storage pattern '{pattern}' has no {StoreOpener.Placeholder} in it: each store needs a place of its own.", nameof(pattern));
        }

        return _storages.TryGetValue(SchemeOf(pattern) ?? "", out var open)
            ? open
            : throw new ZarrCacheException($"There is no storage for the pattern '{pattern}' here; there is {List(_storages.Keys.Select(one => one.Length == 0 ? "a path" : one + "://"))}. Add the back end that has it.");
    }

    private static string List(IEnumerable<string> names) => names.Any() ? string.Join(", ", names.Order(StringComparer.Ordinal)) : "none";
}
