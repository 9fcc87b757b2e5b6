namespace RingKit.Kvm.Guests;

/// <summary>Guest programs for 64-bit mode, byte by byte.</summary>
/// <remarks>
/// On entry rbx is the first page's address, rbp the number of pages, rcx how many stores, edx the turns of the delay, rdi the page or the generator's state,
/// rsi the stop flag's address, r9 and r10 the generator's factor and addend, r11 the number of hot pages. The list has its address in rsi.
/// </remarks>
internal static class LongModeCode
{
    /// <summary>Where in the list's program the store is, and where it is counted.</summary>
    public const int ListStore = 0x02, ListCount = 0x0B;

    /// <summary><see cref="GuestPattern.Sequential"/>.</summary>
    public static ReadOnlySpan<byte> Sequential =>
    [
        0x48, 0x89, 0xF8,       // 00 again: mov rax, rdi
        0x48, 0xC1, 0xE0, 0x0C, // 03        shl rax, 12
        0x48, 0x89, 0x0C, 0x03, // 07        mov [rbx+rax], rcx
        0x48, 0xFF, 0xC7,       // 0b        inc rdi
        0x48, 0x39, 0xEF,       // 0e        cmp rdi, rbp
        0x72, 0x02,             // 11        jb next
        0x31, 0xFF,             // 13        xor edi, edi
        0x89, 0xD0,             // 15 next:  mov eax, edx
        0xFF, 0xC8,             // 17 wait:  dec eax
        0x75, 0xFC,             // 19        jnz wait
        0x80, 0x3E, 0x00,       // 1b        cmp byte [rsi], 0
        0x75, 0x05,             // 1e        jnz halt
        0x48, 0xFF, 0xC9,       // 20        dec rcx
        0x75, 0xDB,             // 23        jnz again
        0xF4,                   // 25 halt:  hlt
        0xEB, 0xFD,             // 26        jmp halt
    ];

    /// <summary><see cref="GuestPattern.Counter"/>.</summary>
    public static ReadOnlySpan<byte> Counter =>
    [
        0x48, 0x89, 0xF8,       // 00 again: mov rax, rdi
        0x48, 0xC1, 0xE0, 0x0C, // 03        shl rax, 12
        0x48, 0xFF, 0x04, 0x03, // 07        inc qword [rbx+rax]
        0x48, 0xFF, 0xC7,       // 0b        inc rdi
        0x48, 0x39, 0xEF,       // 0e        cmp rdi, rbp
        0x72, 0x02,             // 11        jb next
        0x31, 0xFF,             // 13        xor edi, edi
        0x89, 0xD0,             // 15 next:  mov eax, edx
        0xFF, 0xC8,             // 17 wait:  dec eax
        0x75, 0xFC,             // 19        jnz wait
        0x80, 0x3E, 0x00,       // 1b        cmp byte [rsi], 0
        0x75, 0x05,             // 1e        jnz halt
        0x48, 0xFF, 0xC9,       // 20        dec rcx
        0x75, 0xDB,             // 23        jnz again
        0xF4,                   // 25 halt:  hlt
        0xEB, 0xFD,             // 26        jmp halt
    ];

    /// <summary><see cref="GuestPattern.Random"/>.</summary>
    public static ReadOnlySpan<byte> Random =>
    [
        0x49, 0x0F, 0xAF, 0xF9, // 00 again: imul rdi, r9
        0x4C, 0x01, 0xD7,       // 04        add rdi, r10
        0x48, 0x89, 0xF8,       // 07        mov rax, rdi
        0x48, 0xC1, 0xE8, 0x20, // 0a        shr rax, 32
        0x48, 0x0F, 0xAF, 0xC5, // 0e        imul rax, rbp
        0x48, 0xC1, 0xE8, 0x20, // 12        shr rax, 32
        0x48, 0xC1, 0xE0, 0x0C, // 16        shl rax, 12
        0x48, 0x89, 0x0C, 0x03, // 1a        mov [rbx+rax], rcx
        0x89, 0xD0,             // 1e        mov eax, edx
        0xFF, 0xC8,             // 20 wait:  dec eax
        0x75, 0xFC,             // 22        jnz wait
        0x80, 0x3E, 0x00,       // 24        cmp byte [rsi], 0
        0x75, 0x05,             // 27        jnz halt
        0x48, 0xFF, 0xC9,       // 29        dec rcx
        0x75, 0xD2,             // 2c        jnz again
        0xF4,                   // 2e halt:  hlt
        0xEB, 0xFD,             // 2f        jmp halt
    ];

    /// <summary><see cref="GuestPattern.HotSet"/>.</summary>
    public static ReadOnlySpan<byte> HotSet =>
    [
        0x49, 0x0F, 0xAF, 0xF9, // 00 again: imul rdi, r9
        0x4C, 0x01, 0xD7,       // 04        add rdi, r10
        0x49, 0x89, 0xEC,       // 07        mov r12, rbp
        0x89, 0xF8,             // 0a        mov eax, edi
        0xC1, 0xE8, 0x1D,       // 0c        shr eax, 29
        0x74, 0x03,             // 0f        jz next
        0x4D, 0x89, 0xDC,       // 11        mov r12, r11
        0x48, 0x89, 0xF8,       // 14 next:  mov rax, rdi
        0x48, 0xC1, 0xE8, 0x20, // 17        shr rax, 32
        0x49, 0x0F, 0xAF, 0xC4, // 1b        imul rax, r12
        0x48, 0xC1, 0xE8, 0x20, // 1f        shr rax, 32
        0x48, 0xC1, 0xE0, 0x0C, // 23        shl rax, 12
        0x48, 0x89, 0x0C, 0x03, // 27        mov [rbx+rax], rcx
        0x89, 0xD0,             // 2b        mov eax, edx
        0xFF, 0xC8,             // 2d wait:  dec eax
        0x75, 0xFC,             // 2f        jnz wait
        0x80, 0x3E, 0x00,       // 31        cmp byte [rsi], 0
        0x75, 0x05,             // 34        jnz halt
        0x48, 0xFF, 0xC9,       // 36        dec rcx
        0x75, 0xC5,             // 39        jnz again
        0xF4,                   // 3b halt:  hlt
        0xEB, 0xFD,             // 3c        jmp halt
    ];

    /// <summary>To the page at each address of a list; no stop flag.</summary>
    public static ReadOnlySpan<byte> List =>
    [
        0x48, 0xAD,       // 00 again: lodsq
        0x48, 0x89, 0x08, // 02        mov [rax], rcx
        0x89, 0xD0,       // 05        mov eax, edx
        0xFF, 0xC8,       // 07 wait:  dec eax
        0x75, 0xFC,       // 09        jnz wait
        0x48, 0xFF, 0xC9, // 0b        dec rcx
        0x75, 0xF0,       // 0e        jnz again
        0xF4,             // 10 halt:  hlt
        0xEB, 0xFD,       // 11        jmp halt
    ];
}
