using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Benchmarks.Suite;

/// <summary>Open and read; write preallocated to a temporary file and rename.</summary>
internal sealed class PlainFiles(string directory) : IStorageYardstick
{
    private int _temporary;

    public ValueTask WriteAsync(string name, ReadOnlyMemory<byte> bytes)
    {
        string temporary = Path.Combine(directory, FormattableString.Invariant($"{Interlocked.Increment(ref _temporary)}.tmp"));
        using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, preallocationSize: bytes.Length))
        {
            RandomAccess.Write(file, bytes.Span, 0);
        }

        File.Move(temporary, Path.Combine(directory, name), overwrite: true);
        return ValueTask.CompletedTask;
    }

    public ValueTask ReadAsync(string name, Memory<byte> destination)
    {
        ReadFile(Path.Combine(directory, name), destination.Span);
        return ValueTask.CompletedTask;
    }

    public ValueTask EraseAsync(string name)
    {
        File.Delete(Path.Combine(directory, name));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static void ReadFile(string path, Span<byte> destination)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        if (RandomAccess.Read(file, destination, 0) != destination.Length)
        {
            throw new InvalidOperationException($"'{path}' is short.");
        }
    }
}
