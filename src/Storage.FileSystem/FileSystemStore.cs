using System.Buffers;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>
/// A Zarr store as a plain directory: the key <c>u/c/0/1</c> is the file <c>u/c/0/1</c>, so that any Zarr tool opens it.
/// As the chunks of a cache (<see cref="Opener"/>), and as an origin over a directory that exists.
/// </summary>
/// <remarks>
/// No key and no link leads outside the root, and two keys never share a file; the README tells how names are escaped.
/// A value is written to a temporary file beside it and renamed, never synced: after a power cut a file may be
/// short, empty or full of zeros. The methods do their I/O on the caller's thread and complete before they return.
/// </remarks>
public sealed class FileSystemStore : IChunkStore
{
    private readonly FileTree _tree;
    private readonly KeyWalker _walker;
    private readonly FileSystemStoreOptions _options;
    private readonly Lazy<Medium> _medium;

    /// <summary>A store over a directory, which is made if it does not exist.</summary>
    /// <param name="root">The directory; relative to the working directory at this moment.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <exception cref="ArgumentException">The root is empty, or the root of a file system.</exception>
    /// <exception cref="StoreException">The root is a file, cannot be made, or, for a read-only store, does not exist.</exception>
    public FileSystemStore(string root, FileSystemStoreOptions? options = null)
        : this(Roots.Check(root), options ?? new(), rules: null, medium: null)
    {
    }

    internal FileSystemStore(string root, FileSystemStoreOptions options, NameRules? rules, Lazy<Medium>? medium)
    {
        _options = options;
        _tree = FileTree.Create(root, options, rules ?? Roots.Prepare(root, options.ReadOnly));
        _walker = new KeyWalker(_tree);
        _medium = medium ?? new(() => Medium.Ask(root, !options.ReadOnly), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>Opens the chunks of each store of a cache in a directory of its own.</summary>
    /// <param name="pattern">A path with <see cref="StoreOpener.Placeholder"/> once, such as <c>cache/{store_id}.zarr</c>.</param>
    /// <param name="options">The options; null for those of a cache: links are refused, answers carry no validators.</param>
    /// <exception cref="ArgumentException">The pattern has no placeholder, or several; the message names it.</exception>
    public static StoreOpener Opener(string pattern, FileSystemStoreOptions? options = null) =>
        new FileSystemStoreOpener(pattern, options ?? new() { SymbolicLinks = SymbolicLinks.Refuse, Validators = false });

    /// <summary>The full path of the directory.</summary>
    public string Root => _tree.Root;

    /// <inheritdoc/>
    public ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        ct.ThrowIfCancellationRequested();
        SafeFileHandle? file = null;
        try
        {
            file = Open(key, out FileStamp stamp);
            if (file is null)
            {
                return new(ReadResult.WithoutBytes(ReadStatus.Absent));
            }

            ObjectInfo info = Describe(stamp);
            ReadStatus status = options.IsConditional ? options.Evaluate(info) : ReadStatus.Found;
            if (status != ReadStatus.Found)
            {
                return new(ReadResult.WithoutBytes(status, info));
            }

            (long offset, long length) = options.Range.Resolve(key, info.Size);
            var result = new FileReadResult(_tree, file, key, info, offset, length);
            file = null;
            return new(result);
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failure("read", key, e);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <inheritdoc/>
    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => SetAsync(key, value, default, ct);

    /// <inheritdoc/>
    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        Prepare(ct);
        try
        {
            // A reader looks at the plain path first: so the copy aside goes last here, and first in an erase.
            string aside = FileNames.ToConflictPath(key, _tree.Rules);
            if (_tree.Write(FileNames.ToPath(key, _tree.Rules), value, record.Span, ct) is { } stamp)
            {
                _tree.Delete(aside);
                return new(Describe(stamp));
            }

            return _tree.Write(aside, value, record.Span, ct) is { } stampAside
                ? new(Describe(stampAside))
                : throw new StoreException($"Cannot write '{key}' in '{Root}': something else lies at '{aside}'; move it away.");
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failure("write", key, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        ct.ThrowIfCancellationRequested();
        try
        {
            using SafeFileHandle? file = Open(key, out _);
            return new(file is null ? [] : FileRecord.Read(file));
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failure("read the record of", key, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        Prepare(ct);
        try
        {
            bool aside = _tree.Delete(FileNames.ToConflictPath(key, _tree.Rules));
            return new(_tree.Delete(FileNames.ToPath(key, _tree.Rules)) || aside);
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failure("erase", key, e);
        }
    }

    /// <inheritdoc/>
    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        ZarrKey.ValidatePrefix(prefix);
        Prepare(ct);
        try
        {
            foreach (FoundFile found in _walker.Walk(prefix, withStatus: false, ct))
            {
                _tree.Delete(FileNames.ToConflictPath(found.Key, _tree.Rules));
                _tree.Delete(found.Path);
            }

            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failure("erase", prefix, e);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListPrefixAsync(string prefix, CancellationToken ct)
    {
        ZarrKey.ValidatePrefix(prefix);
        return Guard(_walker.Walk(prefix, withStatus: false, ct), prefix).Select(found => found.Key).ToAsyncEnumerable();
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListDirAsync(string prefix, CancellationToken ct)
    {
        ZarrKey.ValidatePrefix(prefix);
        return Guard(_walker.ListDirectory(prefix, ct), prefix).ToAsyncEnumerable();
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) =>
        Guard(_walker.Walk("", withStatus: true, ct), "").Select(found => new StoredObject(found.Key, found.Size, found.WrittenAt)).ToAsyncEnumerable();

    /// <inheritdoc/>
    public ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        Prepare(ct);
        try
        {
            return new(TemporarySweep.Run(_tree, _options.TimeProvider.GetUtcNow() - age, ct));
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw Failure("remove the temporary files of", "", e);
        }
    }

    /// <summary>
    /// The size rounded up to whole blocks of the file system, and the block that the record takes where it has no place in
    /// the inode: as the file system was asked once; 4 KiB a block, and nothing for the record, where it cannot be asked.
    /// </summary>
    public long GetAllocatedSize(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return _medium.Value.AllocatedSize(size);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _tree.Dispose();
        return ValueTask.CompletedTask;
    }

    private SafeFileHandle? Open(string key, out FileStamp stamp) =>
        _tree.OpenRead(FileNames.ToPath(key, _tree.Rules), out stamp) ?? _tree.OpenRead(FileNames.ToConflictPath(key, _tree.Rules), out stamp);

    private ObjectInfo Describe(in FileStamp stamp) =>
        _options.Validators
            ? new(stamp.Size, string.Create(CultureInfo.InvariantCulture, $"\"{stamp.Inode:x}-{stamp.Modified.UtcTicks:x}-{stamp.Size:x}\""), stamp.Modified)
            : new(stamp.Size, null, null);

    private void Prepare(CancellationToken ct)
    {
        if (_options.ReadOnly)
        {
            throw new NotSupportedException($"The store in '{Root}' was opened read-only.");
        }

        ct.ThrowIfCancellationRequested();
    }

    private IEnumerable<T> Guard<T>(IEnumerable<T> items, string prefix)
    {
        using IEnumerator<T> enumerator = items.GetEnumerator();
        while (true)
        {
            try
            {
                if (!enumerator.MoveNext())
                {
                    yield break;
                }
            }
            catch (Exception e) when (IsFailure(e))
            {
                throw Failure("list", prefix, e);
            }

            yield return enumerator.Current;
        }
    }

    private static bool IsFailure(Exception e) => e is IOException or UnauthorizedAccessException;

    private StoreException Failure(string what, string key, Exception e) => new($"Cannot {what} '{key}' in '{Root}': {e.Message}", e);
}
