using System.IO.Enumeration;

namespace ZarrCache.Storage.FileSystem;

/// <summary>Finds the keys of a tree from its files. Streams: holds the directories yet to be visited, not the files.</summary>
internal sealed class KeyWalker(FileTree tree)
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    /// <summary>Every key below a prefix, each once. Files that no key could have are passed over.</summary>
    public IEnumerable<FoundFile> Walk(string prefix, bool withStatus, CancellationToken ct)
    {
        foreach (FoundFile found in WalkTree(DirectoryOf(prefix), prefix, withStatus, ct))
        {
            yield return found;
        }

        foreach (FoundFile found in Conflicts(prefix, withStatus, ct))
        {
            yield return found;
        }
    }

    /// <summary>Keys and prefixes directly below a prefix, each once.</summary>
    public IEnumerable<string> ListDirectory(string prefix, CancellationToken ct)
    {
        var fromConflicts = new HashSet<string>(StringComparer.Ordinal);
        foreach (FoundFile found in Conflicts(prefix, withStatus: false, ct))
        {
            int slash = found.Key.IndexOf('/', prefix.Length);
            string child = slash < 0 ? found.Key : found.Key[..(slash + 1)];
            if (fromConflicts.Add(child))
            {
                yield return child;
            }
        }

        var pieces = new Stack<Place>([new Place(DirectoryOf(prefix), prefix, "")]);
        while (pieces.TryPop(out Place place))
        {
            foreach (Entry entry in Entries(place.Directory, withStatus: false, ct))
            {
                switch (Understand(place, entry))
                {
                    case { IsPiece: true } piece:
                        pieces.Push(piece.Inside);
                        break;
                    case { IsDirectory: true } child when !fromConflicts.Contains(child.Key) && WalkTree(child.Path, child.Key, withStatus: false, ct).Any():
                        yield return child.Key;
                        break;
                    case { IsDirectory: false } child:
                        yield return child.Key;
                        break;
                }
            }
        }
    }

    private IEnumerable<FoundFile> WalkTree(string directory, string prefix, bool withStatus, CancellationToken ct)
    {
        var places = new Stack<Place>([new Place(directory, prefix, "")]);
        while (places.TryPop(out Place place))
        {
            foreach (Entry entry in Entries(place.Directory, withStatus, ct))
            {
                switch (Understand(place, entry))
                {
                    case { IsDirectory: true } inside:
                        places.Push(inside.Inside);
                        break;
                    case { } file:
                        yield return new FoundFile(file.Key, file.Path, entry.Size, entry.WrittenAt);
                        break;
                }
            }
        }
    }

    /// <summary>Values that are kept aside, save those that a plain file has overtaken.</summary>
    private IEnumerable<FoundFile> Conflicts(string prefix, bool withStatus, CancellationToken ct)
    {
        var places = new Stack<Place>([new Place(FileNames.Conflicts, "", "")]);
        while (places.TryPop(out Place place))
        {
            foreach (Entry entry in Entries(place.Directory, withStatus, ct))
            {
                string path = place.Directory + "/" + entry.Name;
                if (FileNames.Join(place.Joined, entry.Name) is not { } joined)
                {
                    continue;
                }

                if (entry.IsDirectory)
                {
                    if (FileNames.IsPiece(entry.Name))
                    {
                        places.Push(new Place(path, "", joined));
                    }
                }
                else if (FileNames.Unescape(joined, tree.Rules) is { } key
                    && key.StartsWith(prefix, StringComparison.Ordinal)
                    && ZarrKey.IsValid(key)
                    && FileNames.ToConflictPath(key, tree.Rules) == path
                    && !Exists(FileNames.ToPath(key, tree.Rules)))
                {
                    yield return new FoundFile(key, path, entry.Size, entry.WrittenAt);
                }
            }
        }
    }

    private bool Exists(string path)
    {
        using var file = tree.OpenRead(path, out _);
        return file is not null;
    }

    private string DirectoryOf(string prefix) => prefix.Length == 0 ? "" : FileNames.ToPath(prefix[..^1], tree.Rules);

    private Meaning? Understand(in Place place, in Entry entry)
    {
        string path = place.Directory.Length == 0 ? entry.Name : place.Directory + "/" + entry.Name;
        if (FileNames.Join(place.Joined, entry.Name) is not { } joined)
        {
            return null;
        }

        if (FileNames.IsPiece(entry.Name))
        {
            return entry.IsDirectory ? new Meaning("", path, IsDirectory: true, IsPiece: true, new Place(path, place.Prefix, joined)) : null;
        }

        if (FileNames.Unescape(joined, tree.Rules) is not { } segment)
        {
            return null;
        }

        string key = place.Prefix + segment;
        if (!ZarrKey.IsValid(key) || (place.Joined.Length > 0 && FileNames.ToPath(key, tree.Rules) != path))
        {
            return null;
        }

        return entry.IsDirectory
            ? new Meaning(key + "/", path, IsDirectory: true, IsPiece: false, new Place(path, key + "/", ""))
            : new Meaning(key, path, IsDirectory: false, IsPiece: false, default);
    }

    private IEnumerable<Entry> Entries(string directory, bool withStatus, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (!tree.IsDirectory(directory))
        {
            yield break;
        }

        FileSystemEnumerable<Entry> entries;
        try
        {
            entries = new FileSystemEnumerable<Entry>(
                Path.Combine(tree.Root, directory),
                withStatus
                    ? static (ref FileSystemEntry e) => new Entry(e.FileName.ToString(), e.IsDirectory, e.Length, e.LastWriteTimeUtc)
                    : static (ref FileSystemEntry e) => new Entry(e.FileName.ToString(), e.IsDirectory, 0, default),
                Everything)
            {
                ShouldIncludePredicate = (ref FileSystemEntry e) => (e.Attributes & FileAttributes.ReparsePoint) == 0 || IsLinkedFile(directory, ref e),
            };
        }
        catch (DirectoryNotFoundException)
        {
            yield break; // removed a moment ago
        }

        foreach (Entry entry in entries)
        {
            ct.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    private bool IsLinkedFile(string directory, ref FileSystemEntry link) =>
        tree.Links == SymbolicLinks.WithinRoot && !link.IsDirectory && Exists(Path.Combine(directory, link.FileName.ToString()));

    private readonly record struct Entry(string Name, bool IsDirectory, long Size, DateTimeOffset WrittenAt);

    private readonly record struct Place(string Directory, string Prefix, string Joined);

    private sealed record Meaning(string Key, string Path, bool IsDirectory, bool IsPiece, Place Inside);
}

/// <summary>A file and the key whose value it is.</summary>
internal readonly record struct FoundFile(string Key, string Path, long Size, DateTimeOffset WrittenAt);
