package dev.ponder.engine.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every instruction against the bytes that GNU as 2.40 wrote. The golden file is the assembler's
 * listing of what {@link #main} prints:
 *
 * <pre>
 * java -cp CLASSES dev.ponder.engine.machine.AssemblerTest > instructions.s
 * as --64 -al=golden.lst --listing-lhs-width=4 -o instructions.o instructions.s
 * awk -F'\t' '/^ +[0-9]+ 0/{split($1,p," "); h=""; for(i=3;i<=length(p);i++) h=h p[i];
 *   print h "\t" $2}' golden.lst > instructions.txt
 * </pre>
 */
class AssemblerTest {
  private static final Map<String, Consumer<Assembler>> CASES = cases();

  public static void main(String[] args) {
    System.out.println(".intel_syntax noprefix");
    CASES.keySet().forEach(System.out::println);
  }

  @TestFactory
  java.util.stream.Stream<DynamicTest> writesTheBytesOfGnuAs() throws IOException {
    Map<String, String> golden = golden();
    return CASES.entrySet().stream()
        .map(entry ->
            DynamicTest.dynamicTest(
                entry.getKey(),
                () -> assertThat(written(entry.getValue())).isEqualTo(golden.get(entry.getKey()))));
  }

  /** The golden file says nothing that is not tested, and differs between similar instructions. */
  @Test
  void theGoldenFileIsComplete() throws IOException {
    Map<String, String> golden = golden();
    assertThat(golden.keySet()).isEqualTo(CASES.keySet());
    assertThat(golden.values()).doesNotHaveDuplicates();
  }

  @Test
  void jumpsLeadToTheirLabels() {
    Assembler a = new Assembler();
    Label back = new Label();
    Label forth = new Label();
    a.place(back);
    a.dec(Gp.RAX); // 3 bytes
    a.jump(Condition.ZERO, forth); // 6
    a.jump(back); // 5
    a.place(forth);
    a.ret();
    assertThat(HexFormat.of().formatHex(a.bytes())).isEqualTo("48ffc80f8405000000e9f2ffffffc3");
    assertThatThrownBy(() -> a.place(back)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesRegistersThatDoNotExist() {
    assertThatThrownBy(() -> Vec.zmm(32)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Gp.RAX.at(Gp.RSP, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Gp.RAX.at(Gp.RCX, 3, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static String written(Consumer<Assembler> instruction) {
    Assembler a = new Assembler();
    instruction.accept(a);
    return HexFormat.of().withUpperCase().formatHex(a.bytes());
  }

  private static Map<String, String> golden() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            AssemblerTest.class.getResourceAsStream("/machine/instructions.txt"))) {
      Map<String, String> golden = new HashMap<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", 0)) {
        String[] parts = line.split("\t", 2);
        golden.put(parts[1], parts[0]);
      }
      return golden;
    }
  }

  private interface Three {
    void emit(Assembler a, Vec to, Vec first, Operand second);
  }

  private interface Two {
    void emit(Assembler a, Vec to, Operand from);
  }

  private static Map<String, Consumer<Assembler>> cases() {
    Map<String, Consumer<Assembler>> all = new LinkedHashMap<>();
    Vec z1 = Vec.zmm(1);
    Vec z9 = Vec.zmm(9);
    Vec z30 = Vec.zmm(30);
    Vec y2 = Vec.ymm(2);
    Vec y11 = Vec.ymm(11);
    Map<String, Three> three = new LinkedHashMap<>();
    three.put("vaddps", Assembler::vaddps);
    three.put("vsubps", Assembler::vsubps);
    three.put("vmulps", Assembler::vmulps);
    three.put("vdivps", Assembler::vdivps);
    three.put("vminps", Assembler::vminps);
    three.put("vmaxps", Assembler::vmaxps);
    three.put("vfmadd213ps", Assembler::vfmadd213ps);
    three.put("vfmadd231ps", Assembler::vfmadd231ps);
    three.put("vpaddd", Assembler::vpaddd);
    three.put("vpsubd", Assembler::vpsubd);
    three.put("vpmaxsd", Assembler::vpmaxsd);
    three.put("vpdpbusd", Assembler::vpdpbusd);
    three.forEach((name, op) -> {
      String vex = name.equals("vpdpbusd") ? "{vex} " : "";
      all.put(name + " zmm1,zmm9,zmm30", a -> op.emit(a, z1, z9, z30));
      all.put(name + " zmm30,zmm1,zmm9", a -> op.emit(a, z30, z1, z9));
      all.put(name + " zmm9,zmm30,[rsi+64]", a -> op.emit(a, z9, z30, Gp.RSI.at(64)));
      all.put(name + " zmm9,zmm30,[r13+68]", a -> op.emit(a, z9, z30, Gp.R13.at(68)));
      all.put(name + " zmm1,zmm9,[rsi+508]{1to16}", a -> op.emit(a, z1, z9, Gp.RSI.each(508)));
      all.put(name + " zmm1,zmm9,[r9+512]{1to16}", a -> op.emit(a, z1, z9, Gp.R9.each(512)));
      all.put(
          name + " zmm1,zmm9,[rdx+r8*4-128]", a -> op.emit(a, z1, z9, Gp.RDX.at(Gp.R8, 4, -128)));
      all.put(vex + name + " ymm2,ymm11,ymm2", a -> op.emit(a, y2, y11, y2));
      all.put(vex + name + " ymm11,ymm2,ymm11", a -> op.emit(a, y11, y2, y11));
      all.put(vex + name + " ymm11,ymm2,[rbx+32]", a -> op.emit(a, y11, y2, Gp.RBX.at(32)));
      all.put(vex + name + " ymm11,ymm2,[r12+320]", a -> op.emit(a, y11, y2, Gp.R12.at(320)));
    });
    Map<String, Three> logic = new LinkedHashMap<>();
    logic.put("vpand", Assembler::vpandd);
    logic.put("vpor", Assembler::vpord);
    logic.put("vpxor", Assembler::vpxord);
    logic.forEach((name, op) -> {
      all.put(name + "d zmm1,zmm9,zmm30", a -> op.emit(a, z1, z9, z30));
      all.put(name + "d zmm30,zmm1,[rdi]", a -> op.emit(a, z30, z1, Gp.RDI.at(0)));
      all.put(name + " ymm2,ymm11,ymm2", a -> op.emit(a, y2, y11, y2));
      all.put(name + " ymm2,ymm11,[rbp]", a -> op.emit(a, y2, y11, Gp.RBP.at(0)));
    });
    Map<String, Two> two = new LinkedHashMap<>();
    two.put("vcvtdq2ps", Assembler::vcvtdq2ps);
    two.put("vcvtps2dq", Assembler::vcvtps2dq);
    two.put(
        "vmovups",
        (a, to, from) -> {
          if (from instanceof Mem m) {
            a.vmovups(to, m);
          } else {
            a.vmovups(to, (Vec) from);
          }
        });
    two.forEach((name, op) -> {
      all.put(name + " zmm30,zmm9", a -> op.emit(a, z30, z9));
      all.put(name + " zmm9,[r10+640]", a -> op.emit(a, z9, Gp.R10.at(640)));
      all.put(name + " ymm11,ymm2", a -> op.emit(a, y11, y2));
      all.put(name + " ymm11,[rsp+640]", a -> op.emit(a, y11, Gp.RSP.at(640)));
    });
    all.put("vmovups [rcx+64],zmm30", a -> a.vmovups(Gp.RCX.at(64), z30));
    all.put("vmovups [rcx+64],ymm2", a -> a.vmovups(Gp.RCX.at(64), y2));
    all.put("vmovups [r8],ymm11", a -> a.vmovups(Gp.R8.at(0), y11));
    all.put("vcvtph2ps zmm30,[rdi+32]", a -> a.vcvtph2ps(z30, Gp.RDI.at(32)));
    all.put("vcvtph2ps zmm1,[rdi+16]", a -> a.vcvtph2ps(z1, Gp.RDI.at(16)));
    all.put("vcvtph2ps ymm2,[rdi+16]", a -> a.vcvtph2ps(y2, Gp.RDI.at(16)));
    all.put("vpsrld zmm30,zmm1,4", a -> a.vpsrld(z30, z1, 4));
    all.put("vpsrld ymm11,ymm2,4", a -> a.vpsrld(y11, y2, 4));
    all.put("vpslld zmm1,zmm30,8", a -> a.vpslld(z1, z30, 8));
    all.put("vpslld ymm2,ymm11,8", a -> a.vpslld(y2, y11, 8));
    all.put("vpsrad zmm9,zmm9,1", a -> a.vpsrad(z9, z9, 1));
    all.put("vpsrad ymm2,ymm2,1", a -> a.vpsrad(y2, y2, 1));
    all.put("vbroadcastss zmm9,[rsi+4]", a -> a.vbroadcastss(z9, Gp.RSI.at(4)));
    all.put("vbroadcastss ymm11,[rsi+4]", a -> a.vbroadcastss(y11, Gp.RSI.at(4)));
    all.put("vbroadcastss zmm30,xmm9", a -> a.vbroadcastss(z30, z9));
    all.put("vbroadcastss ymm2,xmm11", a -> a.vbroadcastss(y2, y11));
    all.put("vpbroadcastd zmm9,[rsi+4]", a -> a.vpbroadcastd(z9, Gp.RSI.at(4)));
    all.put("vpbroadcastd ymm11,[rsi+4]", a -> a.vpbroadcastd(y11, Gp.RSI.at(4)));
    all.put("vpmovsxbd zmm1,[rsi+16]", a -> a.vpmovsxbd(z1, Gp.RSI.at(16)));
    all.put("vpmovsxbd ymm2,[rsi+16]", a -> a.vpmovsxbd(y2, Gp.RSI.at(16)));
    all.put("vpmovzxbd zmm1,[rsi+16]", a -> a.vpmovzxbd(z1, Gp.RSI.at(16)));
    all.put("vpmovdb [rsi+16],zmm30", a -> a.vpmovdb(Gp.RSI.at(16), z30));
    all.put("vextractf64x4 ymm2,zmm30,1", a -> a.vextractf64x4(y2, z30));
    all.put("vextractf128 xmm2,ymm11,1", a -> a.vextractf128(Vec.xmm(2), y11));
    all.put("vpshufd xmm2,xmm11,78", a -> a.vpshufd(Vec.xmm(2), Vec.xmm(11), 78));
    all.put("vpmaxsd xmm2,xmm11,xmm2", a -> a.vpmaxsd(Vec.xmm(2), Vec.xmm(11), Vec.xmm(2)));
    all.put("vmovss [rdx+32],xmm10", a -> a.vmovss(Gp.RDX.at(32), Vec.xmm(10)));
    all.put("vucomiss xmm4,xmm15", a -> a.vucomiss(Vec.xmm(4), Vec.xmm(15)));
    all.put("vdivps xmm4,xmm2,xmm14", a -> a.vdivps(Vec.xmm(4), Vec.xmm(2), Vec.xmm(14)));
    all.put("vpbroadcastd xmm14,[rsp]", a -> a.vpbroadcastd(Vec.xmm(14), Gp.RSP.at(0)));
    all.put("lea rax,[rax-1]", a -> a.lea(Gp.RAX, Gp.RAX.at(-1)));
    all.put(
        "vcvtph2ps zmm31,[rdx+r9*1+64]", a -> a.vcvtph2ps(Vec.zmm(31), Gp.RDX.at(Gp.R9, 1, 64)));
    all.put("mov [r8+r10*4+1024],ecx", a -> a.mov32(Gp.R8.at(Gp.R10, 4, 1024), Gp.RCX));
    all.put("vzeroupper", Assembler::vzeroupper);
    all.put("mov rax,rdi", a -> a.mov(Gp.RAX, Gp.RDI));
    all.put("mov r12,r9", a -> a.mov(Gp.R12, Gp.R9));
    all.put("mov rcx,[rdi+8]", a -> a.mov(Gp.RCX, Gp.RDI.at(8)));
    all.put("mov r14,[rsp+256]", a -> a.mov(Gp.R14, Gp.RSP.at(256)));
    all.put("mov [r12+16],r9", a -> a.mov(Gp.R12.at(16), Gp.R9));
    all.put("mov [rdi+16],eax", a -> a.mov32(Gp.RDI.at(16), Gp.RAX));
    all.put("mov [r8],ecx", a -> a.mov32(Gp.R8.at(0), Gp.RCX));
    all.put("mov eax,esi", a -> a.mov32(Gp.RAX, Gp.RSI));
    all.put("mov r8d,edx", a -> a.mov32(Gp.R8, Gp.RDX));
    all.put("lea r10,[rsi+rcx*8+320]", a -> a.lea(Gp.R10, Gp.RSI.at(Gp.RCX, 8, 320)));
    all.put("lea rax,[r13+r9*1]", a -> a.lea(Gp.RAX, Gp.R13.at(Gp.R9, 1, 0)));
    all.put("add rdi,64", a -> a.add(Gp.RDI, 64));
    all.put("add r11,544", a -> a.add(Gp.R11, 544));
    all.put("add rdx,r15", a -> a.add(Gp.RDX, Gp.R15));
    all.put("sub r10,-128", a -> a.sub(Gp.R10, -128));
    all.put("sub rbx,rax", a -> a.sub(Gp.RBX, Gp.RAX));
    all.put("cmp r9,1", a -> a.cmp(Gp.R9, 1));
    all.put("cmp r9,rax", a -> a.cmp(Gp.R9, Gp.RAX));
    all.put("test r8,r8", a -> a.test(Gp.R8, Gp.R8));
    all.put("imul rcx,r8,544", a -> a.imul(Gp.RCX, Gp.R8, 544));
    all.put("shl r8,5", a -> a.shl(Gp.R8, 5));
    all.put("dec r8", a -> a.dec(Gp.R8));
    all.put("dec rax", a -> a.dec(Gp.RAX));
    all.put("xor ecx,ecx", a -> a.zero(Gp.RCX));
    all.put("xor r9d,r9d", a -> a.zero(Gp.R9));
    all.put("push rbx", a -> a.push(Gp.RBX));
    all.put("push r15", a -> a.push(Gp.R15));
    all.put("pop rbp", a -> a.pop(Gp.RBP));
    all.put("pop r12", a -> a.pop(Gp.R12));
    all.put("ret", Assembler::ret);
    all.put("cpuid", Assembler::cpuid);
    all.put("xgetbv", Assembler::xgetbv);
    all.put("prefetcht0 [rdi+4096]", a -> a.prefetcht0(Gp.RDI.at(4096)));
    all.put("prefetcht0 [r9+64]", a -> a.prefetcht0(Gp.R9.at(64)));
    all.put("prefetcht1 [rdi+64]", a -> a.prefetcht1(Gp.RDI.at(64)));
    return all;
  }
}
