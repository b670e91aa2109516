package dev.ponder.engine.machine;

/**
 * Emits {@code gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i]}: {@code void gate(float *gate, long
 * upDistance, const int *constants, long vectors)}, in 512-bit registers. The distance, in bytes,
 * is from the gate to the up values.
 */
final class GateEmitter {
  private static final Gp GATE = Gp.RDI;
  private static final Gp UP_DISTANCE = Gp.RSI;
  private static final Gp CONSTANTS = Gp.RDX;
  private static final Gp LEFT = Gp.RCX;
  private static final int VECTOR = 64;

  private final Assembler a;

  GateEmitter(Assembler a) {
    this.a = a;
  }

  void emit() {
    Label loop = new Label();
    ExpEmitter exp = new ExpEmitter(a, CONSTANTS);
    Vec sign = Vec.zmm(0);
    Vec x = Vec.zmm(1);
    a.zero(Gp.RAX);
    a.lea(Gp.RAX, Gp.RAX.at(Integer.MIN_VALUE)); // sign-extended; the lower half is what counts
    a.push(Gp.RAX);
    a.vpbroadcastd(sign, Gp.RSP.at(0));
    a.pop(Gp.RAX);
    a.align(32);
    a.place(loop);
    a.vmovups(x, GATE.at(0));
    a.vpxord(Vec.zmm(2), x, sign);
    exp.emit();
    a.vaddps(Vec.zmm(3), Vec.zmm(3), exp.ones());
    a.vdivps(x, x, Vec.zmm(3));
    a.vmulps(x, x, GATE.at(UP_DISTANCE, 1, 0));
    a.vmovups(GATE.at(0), x);
    a.add(GATE, VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, loop);
    a.vzeroupper();
    a.ret();
  }
}
