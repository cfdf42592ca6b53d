namespace ZarrCache;

/// <summary>The fetches of a store that are under way and may be joined.</summary>
internal sealed class Fetches
{
    /// <summary>Guards <see cref="_underWay"/>.</summary>
    private readonly Lock _lock = new();

    private readonly Dictionary<string, List<Fetch>> _underWay = new(StringComparer.Ordinal);

    /// <summary>Joins a fetch of the key that <paramref name="serves"/>, or else adds the one that <paramref name="make"/> makes, beside those that are under way. The caller is a waiter of it.</summary>
    /// <returns>The fetch, and whether it is new.</returns>
    public (Fetch Fetch, bool IsNew) JoinOrAdd(string key, Func<Fetch, bool> serves, Func<IReadOnlyList<Fetch>, Fetch> make)
    {
        lock (_lock)
        {
            if (!_underWay.TryGetValue(key, out List<Fetch>? fetches))
            {
                _underWay[key] = fetches = new List<Fetch>(1);
            }

            foreach (Fetch fetch in fetches)
            {
                if (serves(fetch) && fetch.TryJoin())
                {
                    return (fetch, false);
                }
            }

            Fetch made = make(fetches);
            fetches.Add(made);
            return (made, true);
        }
    }

    /// <summary>No one joins this one any more.</summary>
    public void Remove(Fetch fetch)
    {
        lock (_lock)
        {
            if (_underWay.TryGetValue(fetch.Key, out List<Fetch>? fetches) && fetches.Remove(fetch) && fetches.Count == 0)
            {
                _underWay.Remove(fetch.Key);
            }
        }
    }

    /// <summary>Removes all fetches of the keys that <paramref name="which"/> names.</summary>
    public List<Fetch> RemoveAll(Func<Fetch, bool> which)
    {
        lock (_lock)
        {
            List<Fetch> removed = [.. _underWay.Values.SelectMany(fetches => fetches).Where(which)];
            foreach (Fetch fetch in removed)
            {
                Remove(fetch);
            }

            return removed;
        }
    }

    /// <summary>Removes all fetches of one key but <paramref name="own"/>, which is added if it is not there.</summary>
    public List<Fetch> RemoveOthers(string key, Fetch? own)
    {
        lock (_lock)
        {
            _underWay.Remove(key, out List<Fetch>? fetches);
            if (own is not null)
            {
                fetches?.Remove(own);
                _underWay[key] = [own];
            }

            return fetches ?? [];
        }
    }
}
