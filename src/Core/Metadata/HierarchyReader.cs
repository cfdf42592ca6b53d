namespace ZarrCache.Metadata;

/// <summary>Finds the nodes of one dataset; used once.</summary>
internal sealed class HierarchyReader(IZarrStore store)
{
    /// <summary>Bytes; what is longer is no metadata. 10,000 arrays make about 10 MB.</summary>
    private const long MaxDocument = 256L << 20;

    /// <summary>How many nodes of a group are read at once.</summary>
    private const int Concurrency = 16;

    /// <summary>Guards the three lists below, which the readers of several nodes fill; not held across I/O.</summary>
    private readonly Lock _found = new();
    private readonly List<ZarrArray> _arrays = [];
    private readonly List<string> _groups = [];
    private readonly List<string> _keys = [];

    private enum Node { None, Array, Group }

    public async Task<ZarrHierarchy> ReadAsync(CancellationToken ct)
    {
        bool isComplete = true;
        int format = 3;
        if (await GetAsync(V3Document.Name, ct).ConfigureAwait(false) is { } v3)
        {
            isComplete = AddV3("", v3) == Node.Array || TryAddConsolidatedV3(v3) || await TryListAsync(format, ct).ConfigureAwait(false);
        }
        else if (await GetAsync(V2Document.Consolidated, ct).ConfigureAwait(false) is { } consolidated)
        {
            format = 2;
            AddConsolidatedV2(consolidated);
        }
        else
        {
            format = 2;
            Node root = await AddV2Async("", ct).ConfigureAwait(false);
            isComplete = root == Node.Array || (root == Node.Group && await TryListAsync(format, ct).ConfigureAwait(false));
            if (root == Node.None)
            {
                throw new ZarrMetadataException(V3Document.Name, "does not exist at the root, nor does .zmetadata, .zarray or .zgroup: there is no Zarr dataset here");
            }
        }

        return new ZarrHierarchy(format, _arrays, _groups, _keys, isComplete);
    }

    public async Task<ZarrArray> ReadArrayAsync(string path, CancellationToken ct)
    {
        Node node = await AddV3Async(path, ct).ConfigureAwait(false);
        if (node == Node.None)
        {
            await AddV2Async(path, ct).ConfigureAwait(false);
        }

        return _arrays.SingleOrDefault()
            ?? throw new ZarrMetadataException(ArrayShape.Join(path, V3Document.Name), $"does not describe an array, nor does {ArrayShape.Join(path, V2Document.Array)}");
    }

    /// <summary>Reads the groups level by level, the nodes of a level at once.</summary>
    /// <returns>False if the store cannot list.</returns>
    private async Task<bool> TryListAsync(int format, CancellationToken ct)
    {
        var groups = new Queue<string>([""]);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = ct };
        while (groups.TryDequeue(out string? group))
        {
            var children = new List<string>();
            try
            {
                await foreach (string name in store.ListDirAsync(group.Length == 0 ? "" : group + "/", ct).ConfigureAwait(false))
                {
                    if (name.EndsWith('/'))
                    {
                        children.Add(name[..^1]);
                    }
                }
            }
            catch (NotSupportedException)
            {
                return false;
            }

            await Parallel.ForEachAsync(children, parallel, async (path, token) =>
            {
                Node node = await (format == 3 ? AddV3Async(path, token) : AddV2Async(path, token)).ConfigureAwait(false);
                if (node == Node.Group)
                {
                    lock (_found)
                    {
                        groups.Enqueue(path);
                    }
                }
            }).ConfigureAwait(false);
        }

        return true;
    }

    private async Task<Node> AddV3Async(string path, CancellationToken ct) =>
        await GetAsync(ArrayShape.Join(path, V3Document.Name), ct).ConfigureAwait(false) is { } document ? AddV3(path, document) : Node.None;

    private Node AddV3(string path, MetadataValue document)
    {
        string key = ArrayShape.Join(path, V3Document.Name);
        return Add(path, V3Document.IsArray(document) ? V3Document.ReadArray(path, document) : null, [key]);
    }

    private async Task<Node> AddV2Async(string path, CancellationToken ct)
    {
        string arrayKey = ArrayShape.Join(path, V2Document.Array);
        string groupKey = ArrayShape.Join(path, V2Document.Group);
        MetadataValue? array = await GetAsync(arrayKey, ct).ConfigureAwait(false);
        MetadataValue? group = array is null ? await GetAsync(groupKey, ct).ConfigureAwait(false) : null;
        if (array is null && group is null)
        {
            return Node.None;
        }

        string attributesKey = ArrayShape.Join(path, V2Document.Attributes);
        MetadataValue? attributes = await GetAsync(attributesKey, ct).ConfigureAwait(false);
        return AddV2(path, array, group, attributes, [array is null ? groupKey : arrayKey, .. attributes is null ? [] : new[] { attributesKey }]);
    }

    private Node AddV2(string path, MetadataValue? array, MetadataValue? group, MetadataValue? attributes, ReadOnlySpan<string> keys)
    {
        if (group is { } document)
        {
            V2Document.CheckFormat(document);
        }

        return Add(path, array is { } found ? V2Document.ReadArray(path, found, attributes) : null, keys);
    }

    private bool TryAddConsolidatedV3(MetadataValue root)
    {
        if (V3Document.FindConsolidated(root) is not { } nodes)
        {
            return false;
        }

        foreach ((string path, MetadataValue document) in nodes)
        {
            CheckPath(V3Document.Name, path);
            AddV3(path, document);
        }

        return true;
    }

    private void AddConsolidatedV2(MetadataValue consolidated)
    {
        Dictionary<string, MetadataValue> documents = V2Document.ReadConsolidated(consolidated);
        _keys.Add(V2Document.Consolidated);
        foreach ((string key, MetadataValue document) in documents)
        {
            CheckPath(V2Document.Consolidated, key);
            string prefix = ZarrKey.NodePrefix(key);
            string path = prefix.TrimEnd('/');
            bool isArray = documents.ContainsKey(prefix + V2Document.Array);
            switch (key[prefix.Length..])
            {
                case V2Document.Array:
                    MetadataValue? attributes = documents.TryGetValue(prefix + V2Document.Attributes, out MetadataValue found) ? found : null;
                    AddV2(path, document, null, attributes, [key]);
                    break;
                case V2Document.Group when !isArray:
                    AddV2(path, null, document, null, [key]);
                    break;
                case V2Document.Attributes:
                    _keys.Add(key);
                    break;
            }
        }
    }

    private Node Add(string path, ZarrArray? array, ReadOnlySpan<string> keys)
    {
        lock (_found)
        {
            _keys.AddRange(keys);
            if (array is null)
            {
                _groups.Add(path);
                return Node.Group;
            }

            _arrays.Add(array);
            return Node.Array;
        }
    }

    private async ValueTask<MetadataValue?> GetAsync(string key, CancellationToken ct)
    {
        ReadResult result = await store.GetAsync(key, ct).ConfigureAwait(false);
        await using (result.ConfigureAwait(false))
        {
            if (result.Status != ReadStatus.Found)
            {
                return null;
            }

            if (result.Length > MaxDocument)
            {
                throw new ZarrMetadataException(key, $"has {result.Length} bytes, more than the {MaxDocument} that metadata may have");
            }

            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)result.Length);
            await result.ReadAsync(bytes, ct).ConfigureAwait(false);
            return MetadataValue.Parse(key, bytes);
        }
    }

    /// <summary>Paths inside of a document become keys, so they obey the rules of keys.</summary>
    private static void CheckPath(string document, string path)
    {
        if (!ZarrKey.IsValid(path))
        {
            throw new ZarrMetadataException(document, $"has consolidated metadata under '{(path.Length > 200 ? path[..200] + "…" : path)}', which is no valid key");
        }
    }
}
