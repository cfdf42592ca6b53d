using System.Buffers;
using System.Runtime.CompilerServices;

namespace ZarrCache.Conformance.Http;

/// <summary>
/// The files of a directory, read-only and read whole, with the size and the time of writing as ETag: enough to serve a
/// sample over HTTP, and independent of the file system back end that the same tests look at.
/// </summary>
public sealed class DirectoryOrigin(string directory) : IZarrStore
{
    private readonly string _root = Path.GetFullPath(directory);

    public async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        ZarrKey.Validate(key);
        var file = new FileInfo(Path.Combine(_root, key));
        if (!file.Exists)
        {
            return ReadResult.WithoutBytes(ReadStatus.Absent);
        }

        byte[] bytes = await File.ReadAllBytesAsync(file.FullName, ct);
        var modified = new DateTimeOffset(file.LastWriteTimeUtc.AddTicks(-(file.LastWriteTimeUtc.Ticks % TimeSpan.TicksPerSecond)));
        var info = new ObjectInfo(bytes.Length, $"\"{bytes.Length:x}-{file.LastWriteTimeUtc.Ticks:x}\"", modified);
        ReadStatus status = options.Evaluate(info);
        if (status != ReadStatus.Found)
        {
            return ReadResult.WithoutBytes(status, info);
        }

        (long offset, long length) = options.Range.Resolve(key, bytes.Length);
        return new MemoryReadResult(info, offset, bytes.AsMemory((int)offset, (int)length));
    }

    public ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, CancellationToken ct) => throw ReadOnly();

    public ValueTask<bool> EraseAsync(string key, CancellationToken ct) => throw ReadOnly();

    public ValueTask ErasePrefixAsync(string prefix, CancellationToken ct) => throw ReadOnly();

    public async IAsyncEnumerable<string> ListPrefixAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (string file in Directory.EnumerateFiles(_root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
        {
            ct.ThrowIfCancellationRequested();
            string key = Path.GetRelativePath(_root, file).Replace('\\', '/');
            if (key.StartsWith(prefix, StringComparison.Ordinal))
            {
                yield return key;
            }
        }

        await Task.CompletedTask;
    }

    public async IAsyncEnumerable<string> ListDirAsync(string prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        var seen = new HashSet<string>();
        await foreach (string key in ListPrefixAsync(prefix, ct))
        {
            int slash = key.IndexOf('/', prefix.Length);
            string name = slash < 0 ? key : key[..(slash + 1)];
            if (seen.Add(name))
            {
                yield return name;
            }
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static NotSupportedException ReadOnly() => new("The directory is served read-only.");
}
